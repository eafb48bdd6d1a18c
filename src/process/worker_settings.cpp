// process/worker_settings.cpp: the steps of a worker's birth that need the master's rights, and the one that gives them up.
// Messages and levels are nginx's.
#include "process/worker_settings.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "sys/environment.hpp"
#include "sys/process.hpp"

namespace webserv::process {

namespace {

using observe::Level;

void complain(const observe::Log& log, Level level, const std::string& call, const Error& error) {
    log.write(level, fmt::format("{} failed {}", call, describe_errno(static_cast<int>(error.code))));
}

/// Before root is given up: afterwards limits can only be lowered.
void apply_limits(const WorkerSettings& settings, const observe::Log& log) {
    if (settings.priority != 0) {
        if (const auto set = sys::set_priority(settings.priority); !set) {
            complain(log, Level::alert, fmt::format("setpriority({})", settings.priority), set.error());
        }
    }
    const auto limit = [&](sys::Resource resource, const char* name, std::optional<std::uint64_t> value) {
        if (!value) return;
        const auto set = sys::set_limit(resource, *value);
        if (!set) complain(log, Level::alert, fmt::format("setrlimit({}, {})", name, *value), set.error());
    };
    limit(sys::Resource::descriptors, "RLIMIT_NOFILE", settings.rlimit_nofile);
    limit(sys::Resource::core_file, "RLIMIT_CORE", settings.rlimit_core);
}

Result<> apply_identity(const WorkerSettings::Identity& identity, const observe::Log& log) {
    const auto became = sys::become_user(identity.user_name, identity.user, identity.group);
    if (became) return {};
    const std::string_view step = became.error().doing;
    const std::string arguments = step == "initgroups" ? fmt::format("{}, {}", identity.user_name, identity.group)
                                                       : std::to_string(step == "setgid" ? identity.group : identity.user);
    complain(log, Level::emerg, fmt::format("{}({})", step, arguments), became.error());
    return became;
}

void apply_affinity(const WorkerSettings& settings, unsigned worker_index, const observe::Log& log) {
    if (!settings.affinity_auto && settings.affinity.empty()) return;
    const auto allowed = sys::affinity();
    if (!allowed) return complain(log, Level::alert, "sched_getaffinity()", allowed.error());
    const auto cpus = affinity_of(settings, worker_index, *allowed);
    if (!cpus) return;
    for (std::size_t cpu = 0; cpu < cpus->size(); ++cpu) {
        if (cpus->test(cpu)) log.write(Level::notice, fmt::format("sched_setaffinity(): using cpu #{}", cpu));
    }
    if (const auto set = sys::set_affinity(*cpus); !set) complain(log, Level::alert, "sched_setaffinity()", set.error());
}

}  // namespace

Result<> apply(const WorkerSettings& settings, unsigned worker_index, const observe::Log& log) {
    sys::replace_environment(settings.environment);
    apply_limits(settings, log);
    if (settings.identity && ::geteuid() == 0) {
        if (auto became = apply_identity(*settings.identity, log); !became) return became;
    }
    apply_affinity(settings, worker_index, log);
    if (settings.rlimit_core) {
        // The kernel writes no core of a process that has given up root: what root has read may be in its memory. nginx
        // allows it always; but then whoever else runs as this user can also attach and read our keys. So only on demand.
        if (const auto allowed = sys::allow_core_files(); !allowed) complain(log, Level::alert, "prctl(PR_SET_DUMPABLE)", allowed.error());
    }
    if (settings.working_directory.empty()) return {};
    auto changed = sys::change_folder(settings.working_directory);
    if (!changed) complain(log, Level::alert, fmt::format("chdir(\"{}\")", settings.working_directory), changed.error());
    return changed;
}

std::optional<sys::CpuMask> affinity_of(const WorkerSettings& settings, unsigned worker_index, const sys::CpuMask& allowed) {
    if (!settings.affinity_auto) {
        if (settings.affinity.empty()) return std::nullopt;
        return settings.affinity[std::min<std::size_t>(worker_index, settings.affinity.size() - 1)];
    }
    const sys::CpuMask candidates = settings.affinity.empty() ? allowed : settings.affinity.front() & allowed;
    if (candidates.none()) return std::nullopt;
    std::size_t left = worker_index % candidates.count();
    for (std::size_t cpu = 0; cpu < candidates.size(); ++cpu) {
        if (!candidates.test(cpu) || left-- > 0) continue;
        sys::CpuMask one;
        return one.set(cpu);
    }
    return std::nullopt;
}

}  // namespace webserv::process
