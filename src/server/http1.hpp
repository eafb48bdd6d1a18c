// server/http1.hpp: a connection that speaks HTTP/1: one exchange after the other.
// What ends the connection, and how, is decided here.
#pragma once

#include <memory>

#include "base/task.hpp"
#include "io/timers.hpp"
#include "server/connection.hpp"

namespace webserv::server {

/// Answers requests until either side ends the connection (RFC 9112 section 9), or until none is left: then the connection sleeps,
/// and this begins anew when it is woken.
/// @param deadline  of the wait for the next request; of the very first one the whole head has to be there by then
Task<> serve_http1(std::unique_ptr<Connection> owned, io::Deadline deadline);

}  // namespace webserv::server
