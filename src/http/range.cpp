// http/range.cpp: range-specs against a length (RFC 9110 sections 14.1.1 and 14.1.2).
// What can not be understood is ignored: the whole representation is always a valid answer.
#include "http/range.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.hpp"

namespace webserv::http {
namespace {

// 1*DIGIT, saturating: section 14.1.2 tells recipients to expect numerals larger than any integer type,
// and "0-<huge>" still means "all of it".
std::optional<std::uint64_t> parse_position(std::string_view digits) noexcept {
    std::uint64_t value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value);
    if (stop != end || error == std::errc::invalid_argument) return std::nullopt;
    return error == std::errc::result_out_of_range ? UINT64_MAX : value;
}

Result<ByteRange, RangeError> suffix_range(std::string_view digits, std::uint64_t length) noexcept {
    const auto wanted = parse_position(digits);
    if (!wanted) return std::unexpected{RangeError::ignored};
    if (*wanted == 0) return std::unexpected{RangeError::unsatisfiable};
    if (length == 0) return std::unexpected{RangeError::ignored};  // satisfiable by 14.1.2, but a 206 can not express it
    return ByteRange{length - std::min(*wanted, length), length - 1};
}

}  // namespace

Result<ByteRange, RangeError> parse_range_spec(std::string_view spec, std::uint64_t length) {
    const auto dash = spec.find('-');
    if (dash == std::string_view::npos) return std::unexpected{RangeError::ignored};
    if (dash == 0) return suffix_range(spec.substr(1), length);

    const auto first = parse_position(spec.substr(0, dash));
    const auto last = dash + 1 == spec.size() ? UINT64_MAX : parse_position(spec.substr(dash + 1));
    if (!first || !last || *last < *first) return std::unexpected{RangeError::ignored};
    if (*first >= length) return std::unexpected{RangeError::unsatisfiable};
    return ByteRange{*first, std::min(*last, length - 1)};
}

Result<std::pmr::vector<ByteRange>, RangeError> parse_ranges(std::string_view value, std::uint64_t length, std::uint64_t ranges_max,
                                                             std::pmr::memory_resource& memory) {
    constexpr std::string_view unit = "bytes=";
    if (!text::equal_ignoring_case(value.substr(0, unit.size()), unit)) return std::unexpected{RangeError::ignored};
    std::string_view set = value.substr(unit.size());
    std::pmr::vector<ByteRange> ranges{&memory};
    std::uint64_t octets = 0;
    bool unsatisfiable = false;
    while (!set.empty()) {
        const std::size_t comma = std::min(set.find(','), set.size());
        const std::string_view spec = text::trim(set.substr(0, comma));
        set.remove_prefix(std::min(comma + 1, set.size()));
        if (spec.empty()) continue;  // RFC 9110 section 5.6.1.2: an empty element is none
        const auto range = parse_range_spec(spec, length);
        if (!range && range.error() == RangeError::ignored) return std::unexpected{RangeError::ignored};
        unsatisfiable = unsatisfiable || !range;
        if (!range) continue;
        const std::uint64_t count = range->last - range->first + 1;
        if (ranges.size() == ranges_max || count > length - octets) return std::unexpected{RangeError::ignored};
        octets += count;
        ranges.push_back(*range);
    }
    if (!ranges.empty()) return ranges;
    return std::unexpected{unsatisfiable ? RangeError::unsatisfiable : RangeError::ignored};
}

std::optional<ContentRange> parse_content_range(std::string_view value) {
    constexpr std::string_view unit = "bytes ";
    if (value.size() < unit.size() || !text::equal_ignoring_case(value.substr(0, unit.size()), unit)) return std::nullopt;
    value.remove_prefix(unit.size());
    const std::size_t slash = value.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const std::string_view range = value.substr(0, slash);
    const std::string_view length = value.substr(slash + 1);
    ContentRange parsed;
    if (length != "*") {
        parsed.complete_length = text::parse_decimal(length);
        if (!parsed.complete_length) return std::nullopt;
    }
    if (range == "*") return parsed.complete_length ? std::optional{parsed} : std::nullopt;
    const std::size_t dash = range.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto first = text::parse_decimal(range.substr(0, dash));
    const auto last = text::parse_decimal(range.substr(dash + 1));
    if (!first || !last || *last < *first) return std::nullopt;
    if (parsed.complete_length && *last >= *parsed.complete_length) return std::nullopt;
    parsed.range = ByteRange{*first, *last};
    return parsed;
}

}  // namespace webserv::http
