// app/get.hpp: `webserv get URL`: the client's side of HTTP, on the code that a proxy is made of.
// docs/CLIENT.md tells how to use it.
#pragma once

#include <span>

namespace webserv::app {

/// @param words  what follows "get"
/// @return the exit status: see GetStatus
int get(std::span<char* const> words);

}  // namespace webserv::app
