// app/request_lines.hpp: one line a request on standard output, coloured on a terminal: what `webserv serve` shows.
// A module like any other, but registered by `serve` alone.
#pragma once

#include "server/module.hpp"

namespace webserv::app {

extern const server::Module request_lines_module;

}  // namespace webserv::app
