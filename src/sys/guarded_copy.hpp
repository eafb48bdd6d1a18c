// sys/guarded_copy.hpp: copies from memory that may vanish: a mapped file that somebody truncates meanwhile is SIGBUS to who reads it.
// Costs no system call; for what the kernel does not read by itself, as writev(2) does.
#pragma once

#include <cstddef>

namespace webserv::sys {

/// @return false: not all of `from` is there (as EFAULT is for a system call); what `to` holds is of no use
[[nodiscard]] bool copy_guarded(char* to, const char* from, std::size_t bytes) noexcept;

}  // namespace webserv::sys
