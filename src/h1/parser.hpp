// h1/parser.hpp: a request head, octet by octet or all at once, with the same result (RFC 9112 sections 2 to 6).
// No I/O: it looks at the octets gathered so far and says whether they are a head, not yet one, or never will be.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace webserv::h1 {

/// Bounds of a head; nginx's directives of the same names.
struct HeadLimits {
    std::size_t first_buffer_bytes = 1024;  ///< client_header_buffer_size
    std::size_t large_buffers = 4;          ///< large_client_header_buffers: number ...
    std::size_t large_buffer_bytes = 8192;  ///< ... and size: a line must fit one
    std::size_t field_lines_max = 1000;     ///< max_headers
    bool takes_underscores = false;         ///< underscores_in_headers, or ignore_invalid_headers off

    /// Octets a whole head may have.
    [[nodiscard]] std::size_t head_bytes_max() const noexcept { return first_buffer_bytes + large_buffers * large_buffer_bytes; }
};

/// Why a head is refused. One table (status_of) turns it into a status.
enum class HeadError : unsigned char {
    bad_method,
    bad_target,
    bad_version,
    unsupported_version,
    bad_line_end,
    line_too_long,     ///< the request line
    fields_too_large,  ///< a field line, or the whole head
    too_many_fields,
    too_many_blank_lines,  ///< before the request line
    bad_field_name,
    space_before_colon,
    obsolete_fold,
    missing_colon,
    bad_field_value,
    missing_host,
    repeated_host,
    bad_host,
    bad_content_length,
    repeated_content_length,
    length_with_coding,
    unknown_coding,
    repeated_coding,
    coding_in_1_0,
    unknown_expectation,
};
[[nodiscard]] int status_of(HeadError error) noexcept;              ///< 400, 414, 417, 494, 501, 505
[[nodiscard]] std::string_view describe(HeadError error) noexcept;  ///< "client sent invalid method", nginx's words

class HeadParser {
public:
    explicit HeadParser(const HeadLimits& limits) noexcept
        : field_lines_max_{limits.field_lines_max},
          line_bytes_max_{std::max(limits.first_buffer_bytes, limits.large_buffer_bytes)},
          head_bytes_max_{limits.head_bytes_max()},
          takes_underscores_{limits.takes_underscores} {}

    enum class Progress : unsigned char { incomplete, complete, failed };
    /// Goes on where it stopped. `gathered` must begin with the octets of the call before (they may have moved in memory).
    Progress parse(std::string_view gathered);

    [[nodiscard]] HeadError error() const noexcept { return error_; }
    /// Octets of the head with its final empty line; after complete.
    [[nodiscard]] std::size_t head_bytes() const noexcept { return position_; }
    /// The request line as far as it was received, for the log; also after failed.
    [[nodiscard]] std::string_view request_line(std::string_view gathered) const noexcept;
    /// Fills in the request, which must be new; after complete. Its views point into `gathered` (but the path "/" of an absolute target
    /// without one is a literal).
    void fill(http::Request& request, std::string_view gathered) const;
    /// Field lines left out because their name has an underscore.
    [[nodiscard]] std::size_t dropped_lines() const noexcept { return dropped_lines_; }

private:
    // Octets of the head by position: they stay right when the head moves.
    struct Span {
        std::uint32_t offset;
        std::uint32_t length;
    };
    struct Line {
        Span name, value;
    };
    enum class Part : unsigned char { request_line, field_lines, done, failed };
    static constexpr std::size_t inline_lines = 24;  // more than a browser sends, so a common head needs no heap

    Progress fail(HeadError error) noexcept;
    bool refuse(HeadError error) noexcept;
    bool is_method_good(std::string_view gathered) noexcept;
    bool is_within_limits(std::size_t received) noexcept;
    bool parse_line(std::string_view gathered, std::size_t end);
    bool parse_request_line(std::string_view gathered, std::string_view line);
    bool parse_target(std::string_view gathered, std::string_view target);
    bool parse_authority(std::string_view gathered, std::string_view text);
    bool parse_version(std::string_view version) noexcept;
    bool parse_field_line(std::string_view gathered, std::string_view line);
    bool understand(std::string_view name, std::string_view value, Span value_span);
    bool understand_host(std::string_view value, Span value_span) noexcept;
    bool understand_length(std::string_view value) noexcept;
    bool understand_coding(std::string_view value) noexcept;
    bool understand_expectation(std::string_view value) noexcept;
    bool finish() noexcept;
    [[nodiscard]] const Line& line_at(std::size_t index) const noexcept;

    std::size_t field_lines_max_;
    std::size_t line_bytes_max_;
    std::size_t head_bytes_max_;
    bool takes_underscores_;
    HeadError error_{};
    Part part_ = Part::request_line;
    http::Method method_ = http::Method::other;
    http::TargetForm form_ = http::TargetForm::origin;
    http::Version version_;
    bool has_query_ = false;
    bool literal_path_ = false;
    bool chunked_ = false;
    bool unknown_coding_ = false;
    bool asks_close_ = false;
    bool asks_keep_alive_ = false;
    bool expects_continue_ = false;
    bool has_host_ = false;
    std::uint8_t blank_lines_ = 0;

    std::size_t position_ = 0;    // where the line begins that is not parsed yet
    std::size_t searched_ = 0;    // there is no line end before
    std::size_t method_end_ = 0;  // octets of the method seen so far end here
    std::size_t lines_ = 0;       // kept
    std::size_t dropped_lines_ = 0;
    std::optional<std::uint64_t> content_length_;
    Span request_line_{}, method_name_{}, target_{}, path_{}, query_{}, authority_{}, host_{};
    std::array<Line, inline_lines> first_lines_;  // the first `lines_` of them; the others are not worth clearing
    std::vector<Line> more_lines_;
};

}  // namespace webserv::h1
