// server/http1.hpp: a connection that speaks HTTP/1: one exchange after the other.
// What ends the connection, and how, is decided here.
#pragma once

#include <memory>
#include <optional>

#include "base/task.hpp"
#include "io/timers.hpp"
#include "server/connection.hpp"

namespace webserv::server {

/// Answers requests until either side ends the connection (RFC 9112 section 9).
/// @param head_deadline  of the first request's head; nothing: client_header_timeout from its first octet on, as for later ones
Task<> serve_http1(std::unique_ptr<Connection> owned, std::optional<io::Deadline> head_deadline);

}  // namespace webserv::server
