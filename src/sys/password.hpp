// sys/password.hpp: crypt(3): the hash of a password as the system's own tools make it: yescrypt, bcrypt, SHA-512, MD5, DES.
// Some of them take a tenth of a second and more, by intention.
#pragma once

#include <optional>
#include <string>

namespace webserv::sys {

/// The hash of `password` made with the method and the salt of `hash`; it is `hash` again if the password is the same.
/// Nothing: the system does not know the method. crypt_r(3); for any thread.
[[nodiscard]] std::optional<std::string> hash_password(const std::string& password, const std::string& hash);

}  // namespace webserv::sys
