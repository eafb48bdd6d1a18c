// modules/auth_basic_password.hpp: the lines of a password file, and whether a password is the one that a line holds.
// The formats are nginx's: those of crypt(3), Apache's MD5, and {PLAIN}, {SHA} and {SSHA}.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace webserv::modules {

/// What stands behind "user:" in the first line of that user, up to the next colon. Lines that begin with "#" are comments.
[[nodiscard]] std::optional<std::string_view> find_password(std::string_view file, std::string_view user);

/// Whether the hash is slow by intention, so that it is better made elsewhere than upon a loop.
[[nodiscard]] bool is_slow(std::string_view stored) noexcept;

[[nodiscard]] bool password_matches(const std::string& password, const std::string& stored);

}  // namespace webserv::modules
