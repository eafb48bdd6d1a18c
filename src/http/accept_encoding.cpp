// http/accept_encoding.cpp: codings and their weights, element by element.
// A weight is at most three digits behind a 0 or 1 (section 12.4.2).
#include "http/accept_encoding.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace webserv::http {
namespace {

// Whether ";q=..." lets the coding in. Nothing there: it does.
bool is_above_zero(std::string_view parameters) noexcept {
    parameters = text::trim(parameters);
    if (parameters.empty()) return true;
    if (parameters.front() != ';') return false;
    parameters = text::trim(parameters.substr(1));
    if (parameters.size() < 3 || text::to_lower(parameters[0]) != 'q' || parameters[1] != '=') return false;
    const std::string_view weight = parameters.substr(2);
    const std::string_view decimals = weight.substr(std::min<std::size_t>(2, weight.size()));
    const bool good = (weight[0] == '0' || weight[0] == '1') && (weight.size() == 1 || weight[1] == '.') && decimals.size() <= 3 &&
                      std::all_of(decimals.begin(), decimals.end(), text::is_digit);
    if (!good) return false;
    const bool has_decimals = decimals.find_first_not_of('0') != decimals.npos;
    return weight[0] == '1' ? !has_decimals : has_decimals;
}

}  // namespace

bool lists_coding(std::string_view value, std::string_view coding) noexcept {
    while (!value.empty()) {
        const std::size_t comma = std::min(value.find(','), value.size());
        const std::string_view element = text::trim(value.substr(0, comma));
        value.remove_prefix(std::min(comma + 1, value.size()));
        const std::size_t end = std::min(element.find_first_of("; \t"), element.size());
        if (text::equal_ignoring_case(element.substr(0, end), coding)) return is_above_zero(element.substr(end));
    }
    return false;
}

bool accepts_coding(const FieldSection& request, std::string_view coding) noexcept {
    return std::any_of(request.begin(), request.end(), [coding](const FieldLine& line) {
        return text::equal_ignoring_case(line.name, "accept-encoding") && lists_coding(line.value, coding);
    });
}

}  // namespace webserv::http
