// http/redirect.hpp: what a client does with a redirect: which method the next request has (RFC 9110 section 15.4).
// Browsers have settled what the RFC leaves open; this is their rule (Fetch, HTTP-redirect fetch).
#pragma once

#include <string_view>

namespace webserv::http {

/// Whether the next request is a GET without content, instead of the same again: after 303 unless it was GET or HEAD, after 301 and 302
/// if it was a POST. 307 and 308 never change a request.
[[nodiscard]] constexpr bool redirect_becomes_get(int status, std::string_view method) noexcept {
    if (status == 303) return method != "GET" && method != "HEAD";
    return (status == 301 || status == 302) && method == "POST";
}

}  // namespace webserv::http
