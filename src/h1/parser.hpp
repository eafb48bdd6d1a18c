// h1/parser.hpp: a request head, octet by octet or all at once, with the same result (RFC 9112 sections 2 to 6).
// No I/O: it looks at the octets gathered so far and says whether they are a head, not yet one, or never will be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "http/message.hpp"

namespace webserv::h1 {

/// Bounds of a head; nginx's directives of the same names.
struct HeadLimits {
    std::size_t first_buffer_bytes = 1024;  ///< client_header_buffer_size
    std::size_t large_buffers = 4;          ///< large_client_header_buffers: number ...
    std::size_t large_buffer_bytes = 8192;  ///< ... and size: a line must fit one
    std::size_t field_lines_max = 1000;     ///< max_headers

    /// Octets a whole head may have.
    [[nodiscard]] std::size_t head_bytes_max() const noexcept { return first_buffer_bytes + large_buffers * large_buffer_bytes; }
};

/// Why a head is refused. One table (status_of) turns it into a status.
enum class HeadError : unsigned char {
    bad_method, bad_target, bad_version, unsupported_version, bad_line_end, bad_control,
    line_too_long, fields_too_large, too_many_fields, too_many_blank_lines,
    bad_field_name, space_before_colon, obsolete_fold, missing_colon, bad_field_value,
    missing_host, repeated_host, bad_host,
    bad_content_length, repeated_content_length, length_with_coding, unknown_coding, coding_in_1_0,
    unknown_expectation,
};
[[nodiscard]] int status_of(HeadError error) noexcept;                  ///< 400, 414, 417, 494, 501, 505
[[nodiscard]] std::string_view describe(HeadError error) noexcept;      ///< "client sent invalid method", nginx's words

class HeadParser {
public:
    explicit HeadParser(const HeadLimits& limits) noexcept : limits_{limits} {}

    enum class Progress : unsigned char { incomplete, complete, failed };
    /// Goes on where it stopped. `gathered` must begin with the octets of the call before (they may have moved in memory).
    Progress parse(std::string_view gathered);

    [[nodiscard]] HeadError error() const noexcept { return error_; }
    /// Octets of the head with its final empty line; after complete.
    [[nodiscard]] std::size_t head_bytes() const noexcept { return position_; }
    /// The request line as far as it was received, for the log; also after failed.
    [[nodiscard]] std::string_view request_line(std::string_view gathered) const noexcept;
    /// The request; after complete. Its views point into `gathered`, its field table into the arena.
    [[nodiscard]] http::Request request(std::string_view gathered, Arena& arena) const;

private:
    HeadLimits limits_;
    HeadError error_{};
    std::size_t position_ = 0;
};

}  // namespace webserv::h1
