// http/range.hpp: byte ranges (RFC 9110 section 14).
// Only the unit "bytes" exists here.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace webserv::http {

/// Octet positions within a representation, zero-based, both ends inclusive.
struct ByteRange {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    bool operator==(const ByteRange&) const = default;
};
enum class RangeError : unsigned char { ignored, unsatisfiable };

/// One range-spec ("0-499", "9500-", "-500") against a representation of `length` octets.
/// Errors: ignored (serve all of it, 200), unsatisfiable (answer 416). Section 14.1.2.
[[nodiscard]] Result<ByteRange, RangeError> parse_range_spec(std::string_view spec, std::uint64_t length);

/// A Range field's value ("bytes=0-499,-1"): the ranges that can be satisfied, in the order asked for.
/// Errors: unsatisfiable if none can be; ignored if the value is malformed, has more than `ranges_max` of them, or if they ask for
/// more octets than there are: the whole representation is a valid answer then (14.2), and no more work than it.
[[nodiscard]] Result<std::pmr::vector<ByteRange>, RangeError> parse_ranges(std::string_view value, std::uint64_t length,
                                                                           std::uint64_t ranges_max, std::pmr::memory_resource& memory);

/// What a 206 says that it holds, and what a 416 says that there is: section 14.4.
struct ContentRange {
    std::optional<ByteRange> range;                ///< none: "*", the range could not be satisfied
    std::optional<std::uint64_t> complete_length;  ///< of the whole representation; none: "*", unknown
    bool operator==(const ContentRange&) const = default;
};
/// "bytes 0-499/1234", "bytes 0-499/*", "bytes */1234". Nothing: it is none of these, or the range is not within the length.
[[nodiscard]] std::optional<ContentRange> parse_content_range(std::string_view value);

}  // namespace webserv::http
