// h2/request_head.hpp: a request's field lines, as they come out of HPACK, checked and gathered into a request (RFC 9113 section 8).
// No I/O: lines in, a request out; what it keeps lies in the request's arena.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "http/message.hpp"

namespace webserv::h2 {

/// Bounds of a head; nginx's directives of the same names.
struct HeadLimits {
    std::size_t bytes_max = 33'792;     ///< large_client_header_buffers: all of them, and client_header_buffer_size
    std::size_t line_bytes_max = 8192;  ///< ... a line must fit one
    std::size_t lines_max = 1000;       ///< max_headers
    bool takes_underscores = false;     ///< underscores_in_headers, or ignore_invalid_headers off
};

class RequestHead {
public:
    RequestHead(http::Request& request, Arena& arena, const HeadLimits& limits) noexcept
        : request_{request}, arena_{arena}, limits_{limits}, crumbs_{&arena} {}

    /// The next line; its octets are copied. @return false: the list is so much larger than its encoded form that it is an attack
    bool take(std::string_view name, std::string_view value);

    /// good: the request is complete. malformed: the stream is to be reset (section 8.1.1), complaint() says why.
    /// refused: well-formed, but to be answered with status().
    enum class Verdict : unsigned char { good, malformed, refused };
    Verdict finish(bool ends_stream);
    [[nodiscard]] int status() const noexcept { return status_; }
    [[nodiscard]] std::string_view complaint() const noexcept { return complaint_; }
    [[nodiscard]] std::string_view priority() const noexcept { return priority_; }  ///< value of the field (RFC 9218)

private:
    void take_pseudo(std::string_view name, std::string_view value);
    void take_field(std::string_view name, std::string_view value);
    void understand(std::string_view name, std::string_view value);
    [[nodiscard]] std::string_view cookies();
    void understand_length(std::string_view value);
    bool understand_target();
    bool understand_authority();
    void refuse(int status, std::string_view complaint) noexcept;
    void fail(std::string_view complaint) noexcept {
        if (complaint_.empty() || status_ != 0) complaint_ = complaint;
        malformed_ = true;
    }

    http::Request& request_;
    Arena& arena_;
    const HeadLimits& limits_;
    std::size_t bytes_ = 0;  // as SETTINGS_MAX_HEADER_LIST_SIZE counts
    std::size_t lines_ = 0;
    int status_ = 0;
    bool malformed_ = false;
    bool has_fields_ = false;
    std::string_view complaint_;
    std::string_view scheme_, authority_, host_, priority_;
    std::pmr::vector<std::string_view> crumbs_;  // cookies, as they have come
    bool has_authority_ = false;
    bool has_host_ = false;
};

/// Whether a field, by its name in lower case, says something about a connection of HTTP/1: it has no place here (section 8.2.2).
[[nodiscard]] bool is_about_connection(std::string_view name) noexcept;

/// Checks one line of a trailer section, which is dropped. Nothing: it is fine.
[[nodiscard]] std::string_view complaint_about_trailer(std::string_view name, std::string_view value) noexcept;

}  // namespace webserv::h2
