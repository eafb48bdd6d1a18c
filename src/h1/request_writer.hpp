// h1/request_writer.hpp: renders a request head (RFC 9112 section 3), or says why it can not be one.
// No I/O. What decides about framing is written here and nowhere else: nobody's field can make two requests of one.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "base/arena.hpp"
#include "h1/writer.hpp"
#include "http/fields.hpp"
#include "http/message.hpp"

namespace webserv::h1 {

enum class RequestError : unsigned char {
    bad_method,
    bad_target,
    bad_field_name,
    bad_field_value,
    framing_field,  ///< Content-Length and Transfer-Encoding follow from the content
};
[[nodiscard]] std::string_view describe(RequestError error) noexcept;

struct RequestHead {
    std::string_view method;
    std::string_view target;
    http::Version version{};
    const http::FieldSection& fields;  ///< in order; Host should come first (RFC 9110 section 7.2)
    Framing framing = Framing::none;   ///< none, length or chunked
    std::uint64_t content_length = 0;  ///< with Framing::length
};

/// Gives a view into the arena, with the final empty line.
[[nodiscard]] std::expected<std::string_view, RequestError> render_request_head(const RequestHead& head, Arena& arena);

}  // namespace webserv::h1
