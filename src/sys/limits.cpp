// sys/limits.cpp: setpriority, setrlimit, sched_setaffinity, prctl and chdir, each in the vocabulary of Result.
// Failures are values: the caller knows which of them a process can live with.
#include "sys/limits.hpp"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace webserv::sys {

static_assert(cpus_max == CPU_SETSIZE);

Result<> set_priority(int nice_value) {
    if (::setpriority(PRIO_PROCESS, 0, nice_value) < 0) return failed("setpriority");
    return {};
}

Result<> set_limit(Resource resource, std::uint64_t limit) {
    const rlimit both{limit, limit};
    if (::setrlimit(resource == Resource::descriptors ? RLIMIT_NOFILE : RLIMIT_CORE, &both) < 0) return failed("setrlimit");
    return {};
}

Result<CpuMask> affinity() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) < 0) return failed("sched_getaffinity");
    CpuMask cpus;
    for (std::size_t cpu = 0; cpu < cpus_max; ++cpu) cpus.set(cpu, CPU_ISSET(cpu, &set) != 0);
    return cpus;
}

Result<> set_affinity(const CpuMask& cpus) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (std::size_t cpu = 0; cpu < cpus_max; ++cpu) {
        if (cpus.test(cpu)) CPU_SET(cpu, &set);
    }
    if (::sched_setaffinity(0, sizeof set, &set) < 0) return failed("sched_setaffinity");
    return {};
}

Result<> allow_core_files() {
    if (::prctl(PR_SET_DUMPABLE, 1) < 0) return failed("prctl");
    return {};
}

Result<> change_folder(const std::string& path) {
    if (::chdir(path.c_str()) < 0) return failed("chdir");
    return {};
}

}  // namespace webserv::sys
