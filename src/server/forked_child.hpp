// server/forked_child.hpp: the child's side of `concurrency fork`: one connection, one process.
// It calls serve(), as a worker does that serves many.
#pragma once

#include <sys/types.h>

#include <memory>
#include <span>

#include "observe/metric.hpp"
#include "server/log_handover.hpp"
#include "sys/socket.hpp"

namespace webserv::server {

class Worker;
struct Entrance;

/// What a child has from its parent.
struct Heritage {
    const Worker& parent;
    pid_t process;
    std::span<const LogHandover::Sink> logs;  ///< all that are open
    const LogHandover& handover;
};

/// Right after the fork, in the child. Nothing of the parent's loop runs again: its memory is a copy that is never cleaned up, its
/// descriptors are closed except the logs'. Ends with the connection, and as it is told: at once (TERM), after the present answer
/// (QUIT, also when the parent is gone), after the next one (HUP: there is a newer site). USR1: the logs have other files now.
[[noreturn]] void live_for_one_connection(const Heritage& heritage, observe::WorkerMetrics& counters, sys::Accepted peer,
                                          std::shared_ptr<const Entrance> entrance);

}  // namespace webserv::server
