// http/conditional.cpp: nginx's order of preconditions with the RFC's comparisons (RFC 9110 sections 8.8.3.2 and 13.1).
// Fields that can not be read are void, as the RFC demands.
#include "http/conditional.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "http/date.hpp"

namespace webserv::http {
namespace {

enum class Comparison : unsigned char { strong, weak };

bool is_weak(std::string_view etag) noexcept { return etag.starts_with("W/"); }

bool same_etag(std::string_view a, std::string_view b, Comparison comparison) noexcept {
    if (comparison == Comparison::strong) return a == b && !is_weak(a);
    return (is_weak(a) ? a.substr(2) : a) == (is_weak(b) ? b.substr(2) : b);
}

// Takes the first entity-tag off a list; a comma inside the quotes belongs to the tag.
std::string_view take_etag(std::string_view& list) noexcept {
    const std::size_t opening = std::min(list.find_first_of("\","), list.size());
    std::size_t end = opening;
    if (opening < list.size() && list[opening] == '"') end = std::min(list.find('"', opening + 1), list.size());
    end = std::min(list.find(',', end), list.size());
    const std::string_view etag = text::trim(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
    return etag;
}

bool list_has(std::string_view list, std::string_view etag, Comparison comparison) noexcept {
    if (list == "*") return true;  // the representation exists, or nobody would ask us
    if (etag.empty()) return false;
    while (!list.empty()) {
        if (same_etag(take_etag(list), etag, comparison)) return true;
    }
    return false;
}

/// Over all lines of that name: they are one list (section 5.3).
bool any_line_has(const FieldSection& request, std::string_view name, std::string_view etag, Comparison comparison) noexcept {
    return std::any_of(request.begin(), request.end(), [&](const FieldLine& line) {
        return text::equal_ignoring_case(line.name, name) && list_has(line.value, etag, comparison);
    });
}

// A date that can not be read, or a representation without one, makes the field void (section 13.1.4).
bool changed_since(std::string_view date, const Validators& validators) noexcept {
    const auto time = parse_date(date);
    return time && validators.last_modified && *validators.last_modified > *time;
}

// Whether If-Modified-Since leaves the 304 possible.
bool is_unmodified(std::string_view date, const Validators& validators, ModifiedSince mode) noexcept {
    const auto time = parse_date(date);
    if (!time || !validators.last_modified || mode == ModifiedSince::off) return false;
    return *time == *validators.last_modified || (mode == ModifiedSince::before && *time > *validators.last_modified);
}

}  // namespace

Condition evaluate(const FieldSection& request, const Validators& validators, ModifiedSince mode) noexcept {
    const auto unmodified_since = request.find("If-Unmodified-Since");
    if (unmodified_since && changed_since(*unmodified_since, validators)) return Condition::failed;
    if (request.find("If-Match") && !any_line_has(request, "If-Match", validators.etag, Comparison::strong)) return Condition::failed;

    const auto modified_since = request.find("If-Modified-Since");
    const bool none_match = request.find("If-None-Match").has_value();
    if (!modified_since && !none_match) return Condition::proceed;
    if (modified_since && !is_unmodified(*modified_since, validators, mode)) return Condition::proceed;
    if (none_match && !any_line_has(request, "If-None-Match", validators.etag, Comparison::weak)) return Condition::proceed;
    return Condition::not_modified;
}

bool range_applies(const FieldSection& request, const Validators& validators) noexcept {
    const auto condition = request.find("If-Range");
    if (!condition) return true;
    if (condition->ends_with('"')) return same_etag(*condition, validators.etag, Comparison::strong);
    const auto time = parse_date(*condition);
    return time && time == validators.last_modified;
}

}  // namespace webserv::http
