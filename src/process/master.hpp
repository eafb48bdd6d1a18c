// process/master.hpp: the life of the processes: become a daemon, write the pid file, fork workers, replace those that die,
// pass signals on, end. Knows nothing of HTTP: it is handed what a worker runs.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "observe/log.hpp"
#include "observe/metric.hpp"
#include "process/worker.hpp"

namespace webserv::process {

struct Identity {
    std::string user_name;
    unsigned user = 0;
    unsigned group = 0;
};

struct Plan {
    unsigned workers = 1;
    bool daemon = false;
    bool master = true;                  ///< off: this process is the only worker
    std::string pid_path;                ///< empty: no pid file
    std::optional<Identity> identity{};  ///< what workers become, when started as root
    std::function<void(Worker&)> run{};  ///< a worker's life; returns when it has ended
    std::function<void()> quitting{};    ///< in the master, once it is told to quit: lets go of what only new connections need
};

/// Runs until a signal ends it: TERM and INT stop at once, QUIT lets workers finish what they are answering.
/// Workers never return from here, they exit; neither does the first process of a daemon. `metrics` has a block for each worker.
/// @return the exit status
int supervise(const Plan& plan, observe::Metrics& metrics, const observe::Log& log);

/// Reads a pid file and sends a signal ("stop", "quit"): the -s option. Prints nginx's messages through `log`.
/// @return the exit status: 0 if the signal was sent
int signal_running(const std::string& signal_name, const std::string& pid_path, const observe::Log& log);

}  // namespace webserv::process
