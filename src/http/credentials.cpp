// http/credentials.cpp: "Basic " and base64 of "user:password"; the first colon parts them (RFC 7617 section 2).
// The scheme's name is case-insensitive (RFC 9110 section 11.1).
#include "http/credentials.hpp"

#include "base/text.hpp"

namespace webserv::http {

std::optional<Credentials> parse_basic_credentials(std::string_view authorization) {
    constexpr std::string_view scheme = "Basic ";
    if (!text::equal_ignoring_case(authorization.substr(0, scheme.size()), scheme)) return std::nullopt;
    const auto decoded = text::decode_base64(text::trim(authorization.substr(scheme.size())));
    if (!decoded) return std::nullopt;
    const auto colon = decoded->find(':');
    if (colon == decoded->npos || colon == 0) return std::nullopt;
    return Credentials{.user = decoded->substr(0, colon), .password = decoded->substr(colon + 1)};
}

}  // namespace webserv::http
