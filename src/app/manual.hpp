// app/manual.hpp: `webserv manual FOLDER`: writes the directives' pages from the tables, for docs/directives.
// A test compares what it writes with what is in the repository.
#pragma once

#include <span>

namespace webserv::app {

/// @return the exit status
int write_manual(std::span<char* const> words);

}  // namespace webserv::app
