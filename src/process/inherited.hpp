// process/inherited.hpp: listening sockets that were open before we were: from systemd, or from the server we replace.
// A socket that is handed on loses no connection, whoever accepts it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "observe/log.hpp"
#include "sys/fd.hpp"

namespace webserv::process {

/// The variable by which a binary upgrade tells its descriptors, "6;7;": named and written as in nginx, so that either
/// can replace the other.
inline constexpr const char* inheritance_variable = "NGINX";

struct InheritedSockets {
    std::vector<sys::Fd> sockets;  ///< listening, non-blocking, close-on-exec
    /// This is a binary upgrade: the process that started us serves until we do, and is not waiting for a daemon to be born.
    bool from_predecessor = false;
};

/// Takes the sockets that the environment names, and the variables with them: NGINX; else LISTEN_FDS and LISTEN_PID of
/// sd_listen_fds(3). Descriptors that do not listen are left alone, with a line in the log.
/// To be called first of all: any descriptor opened before could be mistaken for one that was handed down.
[[nodiscard]] InheritedSockets take_inherited_sockets(const observe::Log& log);

/// The value of the variable for a successor: "6;7;".
[[nodiscard]] std::string inheritance_of(std::span<const int> descriptors);

}  // namespace webserv::process
