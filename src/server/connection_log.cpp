// server/connection_log.cpp: one line for those who have not asked for anything yet.
// debug_connection counts here too: then a line is written whatever the log's level.
#include "server/connection_log.hpp"

#include <fmt/format.h>

#include <array>
#include <string>

#include "server/connection.hpp"

namespace webserv::server {

void log_before_request(const Connection& connection, const ListenPoint& point, observe::Level level, std::string_view message,
                        std::string_view doing) {
    const auto& log = point.default_host->bare.log;
    if (log == nullptr || !(log->takes(level) || connection.debugged)) return;
    const std::string text = fmt::format("{} while {}", message, doing);
    const std::string client = connection.peer().host();
    const std::string server = point.address.text();
    const std::array<observe::LogField, 2> context{{{"client", client}, {"server", server}}};
    log->write({.level = level, .message = text, .connection = connection.number, .context = context}, connection.debugged);
}

}  // namespace webserv::server
