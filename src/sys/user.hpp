// sys/user.hpp: names of users and groups, turned into the numbers the kernel knows.
// Asked once, by the master, while it loads its configuration.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.hpp"

namespace webserv::sys {

struct User {
    uid_t user = 0;
    gid_t group = 0;  ///< the user's primary group
};

/// Errors: no_such_file_or_directory if nobody is called so. getpwnam(3).
[[nodiscard]] Result<User> find_user(const std::string& name);

/// Errors: no_such_file_or_directory if no group is called so. getgrnam(3).
[[nodiscard]] Result<gid_t> find_group(const std::string& name);

}  // namespace webserv::sys
