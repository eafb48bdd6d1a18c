// app/worker_settings.cpp: member by member.
// Nothing is decided here, except that an unknown user is no identity.
#include "app/worker_settings.hpp"

#include "server/concurrency.hpp"

namespace webserv::app {

process::WorkerSettings worker_settings(const server::MainSettings& settings) {
    process::WorkerSettings worker;
    if (settings.user) {
        worker.identity =
            process::WorkerSettings::Identity{.user_name = settings.user_name, .user = settings.user->user, .group = settings.user->group};
    }
    worker.priority = settings.worker_priority;
    worker.rlimit_nofile = settings.worker_rlimit_nofile;
    worker.rlimit_core = settings.worker_rlimit_core;
    worker.working_directory = settings.working_directory;
    worker.affinity_auto = settings.worker_cpu_affinity_auto;
    worker.affinity = settings.worker_cpu_affinity;
    worker.environment = settings.environment;
    worker.concurrency = server::name_of(settings.concurrency);
    return worker;
}

}  // namespace webserv::app
