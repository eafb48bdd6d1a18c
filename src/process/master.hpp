// process/master.hpp: the life of the processes: become a daemon, write the pid file, fork workers, replace those that die,
// pass signals on, end. Knows nothing of HTTP: it is handed what a worker runs.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "observe/log.hpp"
#include "observe/metric.hpp"
#include "process/parcel.hpp"
#include "process/worker.hpp"
#include "process/worker_settings.hpp"

namespace webserv::process {

/// How long the master waits for workers in a reload.
struct Patience {
    /// For one to build a configuration that the master has built already.
    std::chrono::milliseconds prepare{10'000};
    /// And how long one that gave no answer may go on with its connections before it is killed.
    std::chrono::milliseconds silent{5'000};
};

/// What one configuration makes of the processes. The functions run in the master unless they say otherwise.
struct Plan {
    unsigned workers = 1;
    bool daemon = false;
    bool master = true;    ///< off: this process is the only worker
    std::string pid_path;  ///< empty: no pid file
    bool heir = false;     ///< another master has started this one: it is a daemon already, if it is to be one
    WorkerSettings settings{};
    Patience patience{};
    std::shared_ptr<const observe::Log> log{};

    /// In a worker: its life; returns when it has ended.
    std::function<void(Worker&)> run{};
    /// What the worker of this index needs to go over to this plan while it runs. Unset: workers are replaced.
    std::function<Parcel(unsigned index)> parcel{};
    /// The plan of the configuration as it is now; null, with the reason logged, if there can be none. Unset: no reload.
    std::function<std::shared_ptr<const Plan>()> next{};
    /// The workers have been told to go over to this plan: what only the one before needed may go.
    std::function<void()> settled{};
    /// Opens the logs anew. @return what lets running workers follow. Unset: there are none.
    std::function<Parcel()> reopen{};
    /// Starts the executable that is installed now, with our listening sockets. Unset: no upgrade.
    /// @param environment  "NAME=value" each, beside our own
    std::function<Result<pid_t>(const std::vector<std::string>& environment)> upgrade{};
    /// Nobody accepts any more, once told to quit and again at the end: lets go of the listening sockets.
    /// @param has_heir  another master has them too: what has a name stays
    std::function<void(bool has_heir)> ending{};
};

/// From now on the signals that steer a server wait until supervise() reads them. To be called before anybody is told that we run.
void hold_signals() noexcept;

/// Runs until a signal ends it: TERM and INT stop at once, QUIT lets workers finish what they are answering.
/// Workers never return from here, they exit; neither does the first process of a daemon. `metrics` has a block for each worker.
/// @return the exit status
int supervise(const std::shared_ptr<const Plan>& plan, observe::Metrics& metrics);

/// Reads a pid file and sends a signal ("stop", "quit", "reload", "reopen"): the -s option. Prints nginx's messages through `log`.
/// @return the exit status: 0 if the signal was sent
int signal_running(const std::string& signal_name, const std::string& pid_path, const observe::Log& log);

}  // namespace webserv::process
