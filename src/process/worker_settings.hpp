// process/worker_settings.hpp: what a worker changes about itself between its fork and its loop: rights, limits, place, environment.
// Comparable, because a change of any of it needs new processes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "observe/log.hpp"
#include "sys/limits.hpp"

namespace webserv::process {

struct WorkerSettings {
    /// Whose rights a worker has; ignored unless it is started as root.
    struct Identity {
        std::string user_name;
        unsigned user = 0;
        unsigned group = 0;
        bool operator==(const Identity&) const = default;
    };
    std::optional<Identity> identity;
    int priority = 0;                            ///< nice value; 0: as it is
    std::optional<std::uint64_t> rlimit_nofile;  ///< descriptors
    std::optional<std::uint64_t> rlimit_core;    ///< octets of a core file
    std::string working_directory;               ///< "": where the master is
    bool affinity_auto = false;                  ///< one processor for each worker, of those in the first mask if there is one
    std::vector<sys::CpuMask> affinity;          ///< of worker 0, 1, ...; the last also of all further ones; empty: not bound
    std::vector<std::string> environment;        ///< all of it: "NAME=value"

    std::string concurrency;  ///< the name of how it serves: nothing here acts on it

    bool operator==(const WorkerSettings&) const = default;
};

/// Makes this process, a worker that has just been forked, what the settings say, in nginx's order. What fails is logged here:
/// as in nginx a worker goes on without its priority, limits and processors, but never with rights or a folder that are not its own.
[[nodiscard]] Result<> apply(const WorkerSettings& settings, unsigned worker_index, const observe::Log& log);

/// The processors of one worker; nothing if it is not bound to any.
/// @param allowed  where the process may run as it is: in a container perhaps not everywhere
[[nodiscard]] std::optional<sys::CpuMask> affinity_of(const WorkerSettings& settings, unsigned worker_index, const sys::CpuMask& allowed);

}  // namespace webserv::process
