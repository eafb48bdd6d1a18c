// h1/response_parser.hpp: a response head, octet by octet or all at once, with the same result (RFC 9112 sections 2 to 6).
// The client's side of parser.hpp: no I/O, and as strict where the framing of the content is concerned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "h1/writer.hpp"
#include "http/message.hpp"

namespace webserv::h1 {

/// Bounds of what comes before the content.
struct ResponseLimits {
    std::size_t head_bytes_max = 65'536;  ///< of one head; servers send a few hundred octets, with cookies some thousand
    std::size_t field_lines_max = 1000;
    unsigned interim_max = 64;  ///< 1xx responses before the final one
};

/// Why a head is refused.
enum class ResponseError : unsigned char {
    not_http,
    unsupported_version,
    bad_status,
    bad_line_end,
    head_too_large,
    too_many_fields,
    bad_field_name,
    missing_colon,
    bad_field_value,
    folded,              ///< a continuation line where there is nothing to continue, or of a field that decides about framing
    space_before_colon,  ///< ... in such a field
    bad_content_length,
    repeated_content_length,
    length_with_coding,
    unknown_coding,
    repeated_coding,
    coding_in_1_0,
    too_many_interim,
};
/// "two \"Content-Length\" fields": what the server sent, for messages that begin with its name.
[[nodiscard]] std::string_view describe(ResponseError error) noexcept;

class ResponseParser {
public:
    explicit ResponseParser(const ResponseLimits& limits) noexcept : limits_{limits} {}

    enum class Progress : unsigned char { incomplete, complete, failed };
    /// Goes on where it stopped. `gathered` must begin with the octets of the call before (they may have moved in memory).
    Progress parse(std::string_view gathered);

    [[nodiscard]] ResponseError error() const noexcept { return error_; }
    /// Octets of the head with its final empty line; after complete.
    [[nodiscard]] std::size_t head_bytes() const noexcept { return position_; }
    /// The response; after complete. Its views point into `gathered`; the field table and values that were folded lie in the arena.
    [[nodiscard]] http::ReceivedResponse response(std::string_view gathered, Arena& arena) const;

private:
    // Octets of the head by position: they stay right when the head moves.
    struct Span {
        std::uint32_t offset = 0;
        std::uint32_t length = 0;
    };
    enum class Kind : unsigned char { other, connection, length, coding };
    struct Line {
        Span name, value;
        Kind kind = Kind::other;
    };
    enum class Part : unsigned char { status_line, field_lines, done, failed };

    bool refuse(ResponseError error) noexcept;
    bool begins_like_http(std::string_view gathered) noexcept;
    bool parse_line(std::string_view gathered, std::size_t end);
    bool parse_status_line(std::string_view line);
    bool parse_field_line(std::string_view gathered, std::string_view line);
    bool unfold(std::string_view gathered, std::string_view line);
    bool understand(Kind kind, std::string_view value);
    bool understand_length(std::string_view value) noexcept;
    bool understand_coding(std::string_view value) noexcept;
    bool finish() noexcept;

    ResponseLimits limits_;
    ResponseError error_{};
    Part part_ = Part::status_line;
    http::Version version_;
    int status_ = 0;
    bool chunked_ = false;
    bool asks_close_ = false;
    bool asks_keep_alive_ = false;
    std::size_t position_ = 0;  // where the line begins that is not parsed yet
    std::size_t searched_ = 0;  // there is no line end before
    std::size_t status_line_bytes_ = 0;
    std::optional<std::uint64_t> content_length_;
    std::vector<Line> lines_;
};

/// How the content of a response to `method` is delimited: RFC 9112 section 6.3. After 101, and after a 2xx to CONNECT, `close`: what
/// follows is no content but another protocol, until one of the two ends it.
[[nodiscard]] Framing framing_of(const http::ReceivedResponse& response, http::Method method) noexcept;

}  // namespace webserv::h1
