// sys/environment.hpp: the environment variables of this process: read, taken, replaced as a whole.
// Only while one thread runs: the C library changes them under the feet of everybody else. environ(7).
#pragma once

#include <optional>
#include <span>
#include <string>

namespace webserv::sys {

/// getenv(3).
[[nodiscard]] std::optional<std::string> environment_variable(const char* name);

/// The value, and no child inherits it: what was meant for this process only. unsetenv(3).
[[nodiscard]] std::optional<std::string> take_environment_variable(const char* name);

/// Leaves nothing but these, each "NAME=value"; of a name that stands there twice the first counts, and what has no name is
/// left out. Local time follows a new TZ at once. clearenv(3), setenv(3), tzset(3).
void replace_environment(std::span<const std::string> variables);

}  // namespace webserv::sys
