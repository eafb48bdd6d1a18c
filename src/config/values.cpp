// config/values.cpp: sizes, times, flags and numbers, with the quirks of nginx's ngx_parse_size, _offset and _time.
// Whatever would overflow is refused, never cut.
#include "config/values.hpp"

#include <algorithm>
#include <limits>

#include "base/text.hpp"

namespace webserv::config {
namespace {

constexpr std::uint64_t number_max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

std::optional<std::uint64_t> scaled(std::string_view digits, unsigned shift) {
    const auto number = text::parse_decimal(digits);
    if (!number || *number > (number_max >> shift)) return std::nullopt;
    return *number << shift;
}

struct Unit {
    std::string_view name;
    int step;  // units must come in ascending steps: "1h30m", not "30m1h"
    std::uint64_t milliseconds;
};
constexpr int whole_seconds_step = 7;
constexpr Unit units[] = {
    {"ms", 8, 1},          {"s", whole_seconds_step, 1'000}, {"m", 6, 60'000},         {"h", 5, 3'600'000}, {"d", 4, 86'400'000},
    {"w", 3, 604'800'000}, {"M", 2, 2'592'000'000},          {"y", 1, 31'536'000'000}, {" ", 9, 1'000},  // a bare number of seconds before
                                                                                                         // a space; only a unitless number
                                                                                                         // may follow
};

// "ms" must be tried before "m": the table is in that order.
const Unit* unit_at(std::string_view text) {
    for (const Unit& unit : units) {
        if (text.starts_with(unit.name)) return &unit;
    }
    return nullptr;
}

// A space asks only that no step above seconds was reached before it, and seconds themselves.
bool may_follow(const Unit& unit, int step_before) { return unit.step == 9 ? step_before < whole_seconds_step : step_before < unit.step; }

bool add(std::uint64_t& total, std::uint64_t value, std::uint64_t scale) {
    if (value > number_max / scale || value * scale > number_max - total) return false;
    total += value * scale;
    return true;
}

// Milliseconds. `step` is the last unit met: a slot in milliseconds begins at months, so that nginx refuses "y" and "M" there.
std::optional<std::uint64_t> parse_duration(std::string_view text, int step, bool allow_milliseconds) {
    std::uint64_t total = 0;
    bool valid = false;
    while (!text.empty()) {
        const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
        valid = valid || digits > 0;
        const auto value = digits > 0 ? text::parse_decimal(text.substr(0, digits)) : 0;
        if (!value) return std::nullopt;
        text.remove_prefix(digits);
        if (text.empty()) return valid && add(total, *value, 1'000) ? std::optional{total} : std::nullopt;

        const Unit* const unit = unit_at(text);
        if (unit == nullptr || !may_follow(*unit, step)) return std::nullopt;
        if (unit->milliseconds == 1 && !allow_milliseconds) return std::nullopt;
        if (!add(total, *value, unit->milliseconds)) return std::nullopt;
        step = unit->step;
        text.remove_prefix(unit->name.size());
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    }
    return valid ? std::optional{total} : std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
    if (text.ends_with('k') || text.ends_with('K')) return scaled(text.substr(0, text.size() - 1), 10);
    if (text.ends_with('m') || text.ends_with('M')) return scaled(text.substr(0, text.size() - 1), 20);
    return scaled(text, 0);
}

std::optional<std::uint64_t> parse_offset(std::string_view text) noexcept {
    if (text.ends_with('g') || text.ends_with('G')) return scaled(text.substr(0, text.size() - 1), 30);
    return parse_size(text);
}

std::optional<std::chrono::milliseconds> parse_time(std::string_view text) noexcept {
    const auto duration = parse_duration(text, 2, true);
    if (!duration) return std::nullopt;
    return std::chrono::milliseconds{static_cast<std::int64_t>(*duration)};
}

std::optional<std::chrono::seconds> parse_seconds(std::string_view text) noexcept {
    const auto duration = parse_duration(text, 0, false);
    if (!duration) return std::nullopt;
    return std::chrono::seconds{static_cast<std::int64_t>(*duration / 1'000)};
}

std::optional<bool> parse_flag(std::string_view text) noexcept {
    if (text::equal_ignoring_case(text, "on")) return true;
    if (text::equal_ignoring_case(text, "off")) return false;
    return std::nullopt;
}

std::optional<std::int64_t> parse_number(std::string_view text) noexcept {
    const auto number = scaled(text, 0);
    if (!number) return std::nullopt;
    return static_cast<std::int64_t>(*number);
}

}  // namespace webserv::config
