// sys/user.cpp: look-ups in the user and group databases.
// The reentrant functions, because a loader may run on a helper thread.
#include "sys/user.hpp"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <vector>

namespace webserv::sys {

namespace {

/// Calls one of the get..nam_r functions with a growing buffer: a group's list of members has no bound of its own.
template <class Raw, class LookUp>
Result<Raw> look_up(const std::string& name, LookUp function, const char* doing) {
    constexpr std::size_t bytes_max = 1U << 20;
    std::vector<char> buffer(1024);
    for (;;) {
        Raw raw{};
        Raw* found = nullptr;
        const int number = function(name.c_str(), &raw, buffer.data(), buffer.size(), &found);
        if (found != nullptr) return raw;  // its numbers are used, its strings end with the buffer
        if (number != ERANGE || buffer.size() >= bytes_max) {
            return std::unexpected{Error{number == 0 ? std::errc::no_such_file_or_directory : std::errc{number}, Blame::ourselves, doing}};
        }
        buffer.resize(2 * buffer.size());
    }
}

}  // namespace

Result<User> find_user(const std::string& name) {
    const auto raw = look_up<passwd>(name, ::getpwnam_r, "getpwnam");
    if (!raw) return std::unexpected{raw.error()};
    return User{raw->pw_uid, raw->pw_gid};
}

Result<gid_t> find_group(const std::string& name) {
    const auto raw = look_up<group>(name, ::getgrnam_r, "getgrnam");
    if (!raw) return std::unexpected{raw.error()};
    return raw->gr_gid;
}

}  // namespace webserv::sys
