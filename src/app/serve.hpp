// app/serve.hpp: `webserv serve [DIR]`: share a folder without a configuration.
// No configuration file: one is made in memory from the options.
#pragma once

#include <span>

namespace webserv::app {

/// @param words  what follows "serve"
/// @return the exit status
int serve(std::span<char* const> words);

}  // namespace webserv::app
