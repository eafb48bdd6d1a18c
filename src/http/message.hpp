// http/message.hpp: a request and a response as values (RFC 9110 section 6), whatever version carried them.
// Values only: who reads and writes them is h1, h2 or h3.
#pragma once

#include <cstdint>
#include <ctime>
#include <memory_resource>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "http/fields.hpp"

namespace webserv::http {

// NOLINTNEXTLINE(readability-identifier-naming): delete_ evades a keyword
enum class Method : unsigned char { get, head, post, put, delete_, options, trace, connect, patch, other };
[[nodiscard]] Method method_of(std::string_view name) noexcept;  ///< case-sensitive, RFC 9110 section 9.1

/// HTTP/major.minor; 0.9 is a request without one.
struct Version {
    std::uint8_t major = 1;
    std::uint8_t minor = 1;
    auto operator<=>(const Version&) const = default;
};

/// RFC 9112 section 3.2.
enum class TargetForm : unsigned char { origin, absolute, authority, asterisk };

/// A request head, parsed and checked. All views point into the head's octets.
struct Request {
    explicit Request(std::pmr::memory_resource& memory) : fields{memory} {}

    std::string_view line;  ///< the request line as received, without its end
    std::string_view method_name;
    Method method = Method::get;
    std::string_view target;  ///< as received
    TargetForm form = TargetForm::origin;
    std::string_view path;       ///< raw path of the target, not decoded, without query and fragment; "" for authority-form
    std::string_view query;      ///< after the first '?', without it and without a fragment
    bool has_query = false;      ///< tells "/a?" from "/a"
    std::string_view authority;  ///< of an absolute or authority target, else the Host field's value; may be empty (HTTP/1.0)
    std::string_view host;       ///< the authority without port and trailing dot, letters as received
    Version version;
    FieldSection fields;

    std::optional<std::uint64_t> content_length;  ///< octets announced
    bool chunked = false;                         ///< Transfer-Encoding: chunked
    bool persistent = false;                      ///< the client wants the connection kept (RFC 9112 section 9.3)
    bool expects_continue = false;                ///< Expect: 100-continue, HTTP/1.1 only

    [[nodiscard]] bool has_content() const noexcept { return chunked || content_length.value_or(0) > 0; }
};

/// Field lines behind the content (RFC 9110 section 6.5), made when its last octet has been handed on.
class TrailerSource {
public:
    virtual ~TrailerSource() = default;
    virtual const FieldSection& trailers() = 0;
};

/// A response head. The fields every server sends have members of their own; the rest are `fields`, in order.
struct Response {
    explicit Response(std::pmr::memory_resource& memory) : fields{memory}, trailers{memory} {}

    int status = 200;
    std::string_view reason;                      ///< empty: the standard phrase
    std::string_view server;                      ///< value of Server; empty: none is sent
    std::string_view content_type;                ///< empty: none is sent
    std::optional<std::uint64_t> content_length;  ///< of the content, or that a GET would have had; none: chunked or close
    std::optional<std::time_t> last_modified;
    std::string_view location;   ///< empty: none is sent
    std::string_view etag;       ///< with its quotes; empty: none is sent
    bool accept_ranges = false;  ///< Accept-Ranges: bytes
    FieldSection fields;
    TrailerSource* trailer_source = nullptr;  ///< null: no trailers. Else the content is chunked, if the version knows that
    FieldSection trailers;                    ///< those that were sent
};

/// What has left of a message: all octets, and those without the head (nginx's $bytes_sent and $body_bytes_sent: the content's framing
/// counts).
struct Sent {
    std::uint64_t bytes = 0;
    std::uint64_t content_bytes = 0;
    Result<> outcome;  ///< an error: the connection can not be used any more; but if `bytes` is 0, nothing has been said yet
};

/// A response head that somebody else has sent, parsed and checked. Its views point into the head's octets or into an arena.
struct ReceivedResponse {
    explicit ReceivedResponse(std::pmr::memory_resource& memory) : fields{memory} {}

    std::string_view line;  ///< the status line as received, without its end
    Version version;
    int status = 0;
    std::string_view reason;  ///< may be empty
    FieldSection fields;

    std::optional<std::uint64_t> content_length;  ///< octets announced; with HEAD and 304 they do not come
    bool chunked = false;                         ///< Transfer-Encoding: chunked
    bool persistent = false;                      ///< the server keeps the connection (RFC 9112 section 9.3)

    /// Whether another response to the same request follows: 1xx, but for 101, after which HTTP is over.
    [[nodiscard]] bool is_interim() const noexcept { return status < 200 && status != 101; }
};

}  // namespace webserv::http
