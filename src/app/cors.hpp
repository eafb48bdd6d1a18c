// app/cors.hpp: `webserv serve --cors`: pages from anywhere may read what is served (the Fetch standard's CORS protocol).
// A module like any other, but registered by `serve` alone.
#pragma once

#include "server/module.hpp"

namespace webserv::app {

extern const server::Module cors_module;

}  // namespace webserv::app
