// server/http2_directives.cpp: the directives of HTTP/2, and $http2.
// What nginx has about pushing, and old names of things, is in moot_directives.cpp.
#include <algorithm>

#include "config/values.hpp"
#include "h2/frame.hpp"
#include "server/core_modules.hpp"
#include "server/exchange.hpp"
#include "server/http2.hpp"
#include "server/site_builder.hpp"

namespace webserv::server {
namespace {

using config::Checked;
using config::complain;
using config::Scope;
using config::Statement;
namespace arity = config::arity;
namespace context = config::context;

constexpr config::Contexts before_location = context::http | context::server;

// The window of RFC 9113 section 6.9.1.
Checked<> apply_content_window(Scope& scope, const Statement& statement) {
    const auto size = config::parse_size(statement.words.front().text);
    if (!size || *size > static_cast<std::uint64_t>(h2::window_max)) return complain("invalid value", statement.words.front().place);
    scope.settings.own<Http2Settings>().content_window = *size;
    return {};
}

Checked<> apply_receive_buffer(Scope& scope, const Statement& statement) {
    constexpr std::uint64_t bytes_min = 32;  // nginx's bound; less would be a system call for hardly more than a frame's head
    const auto size = config::parse_size(statement.words.front().text);
    if (!size || *size < bytes_min) return complain("invalid value", statement.words.front().place, "at least 32 octets");
    scope.settings.own<Http2Settings>().receive_bytes = *size;
    return {};
}

// As in nginx, what is larger than a frame may be is as large as it may be.
Checked<> apply_chunk_size(Scope& scope, const Statement& statement) {
    const auto size = config::parse_size(statement.words.front().text);
    if (!size || *size == 0) return complain("invalid value", statement.words.front().place);
    scope.settings.own<Http2Settings>().frame_bytes_max = std::min<std::uint64_t>(*size, h2::frame_bytes_max);
    return {};
}

constexpr config::Directive directives[] = {
    {.name = "http2",
     .contexts = before_location,
     .takes = arity::flag,
     .fallback = "off",
     .apply = config::store_flag<&Http2Settings::enabled>,
     .doc =
         "Whether HTTP/2 is spoken with clients that want it. With TLS they say so in the handshake (ALPN), and the server that they name "
         "decides; over cleartext they begin with it (prior knowledge), and the default server of the address decides."},
    {.name = "http2_max_concurrent_streams",
     .contexts = before_location,
     .syntax = "number",
     .fallback = "128",
     .apply = config::store_number<&Http2Settings::concurrent_streams, 1>,
     .doc = "How many requests of a connection are answered at once. One more is refused, so that the client tries again."},
    {.name = "http2_body_preread_size",
     .contexts = before_location,
     .syntax = "size",
     .fallback = "64k",
     .apply = apply_content_window,
     .doc =
         "How much of a request's content a client may send before anybody has asked for it. Once it is read as it comes, that is 4 MiB."},
    {.name = "http2_recv_buffer_size",
     .contexts = context::http,
     .syntax = "size",
     .fallback = "256k",
     .apply = apply_receive_buffer,
     .doc = "How much is read from a connection at once. The buffer is the worker's, shared by all its connections."},
    {.name = "http2_chunk_size",
     .contexts = before_location | context::location,
     .syntax = "size",
     .fallback = "8k",
     .apply = apply_chunk_size,
     .doc = "The largest piece of content that one frame carries, up to 16k. Smaller ones let streams take turns more often; larger ones "
            "cost less."},
};

constexpr Variable variables[] = {
    {.name = "http2",
     .get = [](Exchange& e, std::string_view) -> std::optional<std::string_view> {
         if (e.request.version < http::Version{2, 0}) return "";
         return e.connection.is_secure() ? "h2" : "h2c";
     }},
};

}  // namespace

constexpr Module http2_module{.name = "http2", .directives = directives, .variables = variables, .handlers = {}, .filters = {}};

}  // namespace webserv::server
