// http/range.hpp: byte ranges (RFC 9110 section 14).
// Only the unit "bytes" exists here, and one range a request.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

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

/// A Range field's value ("bytes=0-499"). Several ranges are ignored: the whole representation is a valid answer (14.2).
[[nodiscard]] Result<ByteRange, RangeError> parse_range(std::string_view value, std::uint64_t length);

/// What a 206 says that it holds, and what a 416 says that there is: section 14.4.
struct ContentRange {
    std::optional<ByteRange> range;                ///< none: "*", the range could not be satisfied
    std::optional<std::uint64_t> complete_length;  ///< of the whole representation; none: "*", unknown
    bool operator==(const ContentRange&) const = default;
};
/// "bytes 0-499/1234", "bytes 0-499/*", "bytes */1234". Nothing: it is none of these, or the range is not within the length.
[[nodiscard]] std::optional<ContentRange> parse_content_range(std::string_view value);

}  // namespace webserv::http
