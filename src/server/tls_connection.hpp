// server/tls_connection.hpp: the beginning of a connection at an address where TLS is spoken: which server is meant, and the handshake.
// Whoever speaks HTTP without TLS there is told so by an answer (497), not here.
#pragma once

#include <string>

#include "base/task.hpp"
#include "io/stream.hpp"

namespace webserv::server {

class Connection;

/// Shakes hands; afterwards connection.tls is what requests are read from, unless the client speaks no TLS.
/// @param received  octets that were read already
/// @return false: the connection has failed, and the log says why
Task<bool> begin_tls(Connection& connection, std::string& received);

}  // namespace webserv::server
