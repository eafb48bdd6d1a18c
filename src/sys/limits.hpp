// sys/limits.hpp: what the kernel grants this process: its share of the processors, descriptors, core files, a place to work.
// One function a system call; children inherit all of it.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace webserv::sys {

/// The nice value: -20 (first served) to 19; others become the nearest of these. setpriority(2).
/// Errors: permission_denied (less than now needs CAP_SYS_NICE).
[[nodiscard]] Result<> set_priority(int nice_value);

enum class Resource : unsigned char {
    descriptors,  ///< one more than the highest descriptor; RLIMIT_NOFILE
    core_file,    ///< octets; RLIMIT_CORE
};

/// Sets soft and hard limit alike, so a process without rights cannot raise it again. setrlimit(2).
/// Errors: operation_not_permitted (above the hard limit needs CAP_SYS_RESOURCE; descriptors never above /proc/sys/fs/nr_open).
[[nodiscard]] Result<> set_limit(Resource resource, std::uint64_t limit);

/// As many processors as a cpu_set_t of the C library has, which is also nginx's bound.
inline constexpr std::size_t cpus_max = 1024;
using CpuMask = std::bitset<cpus_max>;

/// The processors this thread may run on. sched_getaffinity(2). Errors: invalid_argument (the machine may have more than cpus_max).
[[nodiscard]] Result<CpuMask> affinity();

/// Binds this thread to these processors. sched_setaffinity(2). Errors: invalid_argument (none of them is there and allowed).
[[nodiscard]] Result<> set_affinity(const CpuMask& cpus);

/// Lets the kernel write a core file even after the process has given up root. prctl(2), PR_SET_DUMPABLE.
[[nodiscard]] Result<> allow_core_files();

/// Where relative paths begin and core files are written. chdir(2).
[[nodiscard]] Result<> change_folder(const std::string& path);

}  // namespace webserv::sys
