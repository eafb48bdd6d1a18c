// http/fields.cpp: lookups in field sections, tokens and lists of them.
// Linear searches: a message has a dozen lines.
#include "http/fields.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "http/octets.hpp"

namespace webserv::http {
void FieldSection::remove(std::string_view name) {
    std::erase_if(lines_, [name](const FieldLine& line) { return text::equal_ignoring_case(line.name, name); });
}

std::optional<std::string_view> FieldSection::search(std::string_view name) const noexcept {
    for (const FieldLine& line : lines_) {
        if (line.name.size() == name.size() && text::equal_ignoring_case(line.name, name)) return line.value;
    }
    return std::nullopt;
}

std::size_t FieldSection::count(std::string_view name) const noexcept {
    const auto named = [name](const FieldLine& line) { return text::equal_ignoring_case(line.name, name); };
    return static_cast<std::size_t>(std::count_if(lines_.begin(), lines_.end(), named));
}

bool has_token(std::string_view value, std::string_view token) noexcept {
    while (!value.empty()) {
        const std::size_t comma = std::min(value.find(','), value.size());
        if (text::equal_ignoring_case(text::trim(value.substr(0, comma)), token)) return true;
        value.remove_prefix(std::min(comma + 1, value.size()));
    }
    return false;
}

bool is_token(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return contains(token_octets, c); });
}

}  // namespace webserv::http
