// sys/program.hpp: starting another program, or a newer version of this one, as a child.
// Nothing of ours leaks into it: not our signal mask, and of our descriptors only those that are named.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace webserv::sys {

/// Runs `path` in a child with an empty signal mask and SIGPIPE as by default. fork(2), execve(2).
/// @param arguments    the first is the program's name for itself
/// @param environment  "NAME=value" each; all that the program gets
/// @param descriptors  left open in the child, under the same numbers; the standard streams are inherited as they are
/// @return the child's number, once the program runs; an error of execve(2) comes back as ours, and no child is left
[[nodiscard]] Result<pid_t> spawn_program(const std::string& path, const std::vector<std::string>& arguments,
                                          const std::vector<std::string>& environment, std::span<const int> descriptors);

}  // namespace webserv::sys
