// http/credentials.hpp: the Authorization field of the scheme Basic (RFC 7617): a user and a password.
// Who they are is somebody else's question.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace webserv::http {

struct Credentials {
    std::string user;
    std::string password;
};

/// Nothing: another scheme, no base64, no colon, or no user.
[[nodiscard]] std::optional<Credentials> parse_basic_credentials(std::string_view authorization);

}  // namespace webserv::http
