// app/installation.hpp: where `cmake --install` has put things, seen from the executable that runs.
// Only the names below the prefix are compiled in, so that the prefix may be chosen when it is installed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace webserv::app {

struct Installation {
    std::string conf;   ///< the configuration that is read without -c
    std::string state;  ///< the folder that relative paths are below without -p; ends with '/'
};

/// The installation that an executable at this path belongs to. None if it was started from where it was built.
[[nodiscard]] std::optional<Installation> installation_of(std::string_view executable);

/// The running executable's.
[[nodiscard]] std::optional<Installation> own_installation();

}  // namespace webserv::app
