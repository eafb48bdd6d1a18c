// app/serve.hpp: `webserv serve [DIR]`: share a folder without a configuration.
#pragma once

#include <span>

namespace webserv::app {

/// @param words  what follows "serve"
/// @return the exit status
int serve(std::span<char* const> words);

}  // namespace webserv::app
