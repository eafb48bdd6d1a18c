// server/connection_log.hpp: what happens to a connection before its first request: the error log of its address' default server.
// Once there is a request, the exchange knows better.
#pragma once

#include <string_view>

#include "observe/log.hpp"

namespace webserv::server {

class Connection;
struct ListenPoint;

/// One line, with client and server appended as nginx does.
/// @param doing  "SSL handshaking": what stands behind "while"
void log_before_request(const Connection& connection, const ListenPoint& point, observe::Level level, std::string_view message,
                        std::string_view doing);

}  // namespace webserv::server
