// server/proxied_connection.hpp: the beginning of a connection that a proxy passes on: its header, before anything else.
// Only where `listen ... proxy_protocol` says so.
#pragma once

#include <string>

#include "base/task.hpp"
#include "server/connection.hpp"

namespace webserv::server {

/// Reads the header and keeps it in connection.proxy_header.
/// @param rest  octets behind it that have come already
/// @return whether the connection may go on; if not, the log says why
Task<bool> read_proxy_header(Connection& connection, io::Deadline deadline, std::string& rest);

}  // namespace webserv::server
