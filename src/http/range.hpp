// http/range.hpp: byte ranges (RFC 9110 section 14).
// Only the unit "bytes" exists here, and one range a request.
#pragma once

#include <cstdint>
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

}  // namespace webserv::http
