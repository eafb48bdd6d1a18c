// process/alone.hpp: a server of one process (master_process off): it serves, and does for itself what a master would do for it.
// It loads its configuration anew, keeps its pid file, and speaks with the service manager.
#pragma once

#include <memory>
#include <optional>

#include "observe/metric.hpp"
#include "process/master.hpp"
#include "process/pid_file.hpp"
#include "process/service_manager.hpp"

namespace webserv::process {

/// Serves until a signal ends it. @return the exit status
int serve_alone(const std::shared_ptr<const Plan>& plan, observe::Metrics& metrics, std::optional<PidFile>& pid_file,
                const ServiceManager& manager);

}  // namespace webserv::process
