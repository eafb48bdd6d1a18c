// sys/environment.cpp: getenv, setenv and clearenv.
// setenv copies what it is given, so nobody has to keep strings alive for the sake of getenv.
#include "sys/environment.hpp"

#include <stdlib.h>
#include <time.h>

namespace webserv::sys {

std::optional<std::string> environment_variable(const char* name) {
    const char* const value = ::getenv(name);
    if (value == nullptr) return std::nullopt;
    return value;
}

std::optional<std::string> take_environment_variable(const char* name) {
    auto value = environment_variable(name);
    ::unsetenv(name);
    return value;
}

void replace_environment(std::span<const std::string> variables) {
    ::clearenv();
    for (const std::string& variable : variables) {
        const auto equals = variable.find('=');
        if (equals == variable.npos) continue;
        // Fails for an empty name only, which nobody could ask for.
        ::setenv(variable.substr(0, equals).c_str(), variable.c_str() + equals + 1, 0);
    }
    ::tzset();
}

}  // namespace webserv::sys
