// server/content_coding.hpp: whether a client shall have its answer in a content coding, as gzip_* directives and its request say.
// What all modules that code have in common, whatever their coding is.
#pragma once

#include <string_view>

#include "server/exchange.hpp"

namespace webserv::server {

/// Whether the client takes `coding` ("gzip", "br" ...), and gzip_http_version, gzip_proxied and gzip_disable let it have it.
[[nodiscard]] bool wants_coding(Exchange& exchange, std::string_view coding);

/// gzip_vary: whether caches are told that the answer depends on Accept-Encoding.
[[nodiscard]] bool tells_vary(const Exchange& exchange);
/// Tells them, once, if gzip_vary says so.
void tell_vary(Exchange& exchange);

}  // namespace webserv::server
