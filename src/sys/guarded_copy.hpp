// sys/guarded_copy.hpp: a copy out of a mapped file, which may have been truncated: then the kernel sends SIGBUS to whoever reads.
// For octets of a file that are needed in our own memory; whoever can should let the kernel read the mapping instead.
#pragma once

#include <cstddef>

namespace webserv::sys {

/// memcpy(3). @return false: some of `from` is not there any more; `into` has anything
[[nodiscard]] bool guarded_copy(char* into, const char* from, std::size_t bytes) noexcept;

}  // namespace webserv::sys
