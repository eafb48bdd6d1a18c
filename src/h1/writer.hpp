// h1/writer.hpp: renders a response head (RFC 9112 section 4) into contiguous memory, fields in nginx's order.
// No I/O; what it renders lives as long as the arena.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.hpp"
#include "http/message.hpp"

namespace webserv::h1 {

/// How the content is delimited (RFC 9112 section 6.3).
enum class Framing : unsigned char { none, length, chunked, close };

struct HeadOptions {
    std::string_view date = {};  ///< the Date field's value
    Framing framing = Framing::length;
    bool persistent = true;                ///< Connection: keep-alive or close
    std::uint32_t keep_alive_seconds = 0;  ///< Keep-Alive: timeout=N, 0: not sent
};

/// Status line, Server, Date, Content-Type, Content-Length, Last-Modified, Location, Transfer-Encoding, Connection, Keep-Alive, ETag,
/// the other fields, Accept-Ranges. The caller has made sure that no value has CR, LF or NUL. Gives a view into the arena.
[[nodiscard]] std::string_view render_head(const http::Response& response, const HeadOptions& options, Arena& arena);

}  // namespace webserv::h1
