// sys/password.cpp: crypt_r with memory of its own for each call.
// The memory is large (32 KiB), so it does not stand on a stack.
#include "sys/password.hpp"

#include <crypt.h>

#include <memory>

namespace webserv::sys {

std::optional<std::string> hash_password(const std::string& password, const std::string& hash) {
    const auto memory = std::make_unique<crypt_data>();
    const char* const made = ::crypt_r(password.c_str(), hash.c_str(), memory.get());
    if (made == nullptr || made[0] == '*') return std::nullopt;  // "*0" and "*1" are libcrypt's failures
    return made;
}

}  // namespace webserv::sys
