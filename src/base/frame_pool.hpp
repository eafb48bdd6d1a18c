// base/frame_pool.hpp: where coroutine frames come from.
// One free list a size class and thread: a frame costs a pop and a push, so nested coroutines are free (measured).
#pragma once

#include <cstddef>

namespace webserv::frame_pool {

/// Memory for one coroutine frame of `bytes` octets; aligned as operator new aligns. Never null (ends the process instead).
[[nodiscard]] void* allocate(std::size_t bytes);

/// Gives back what allocate() returned for the same number of octets, on the same thread.
void release(void* frame, std::size_t bytes) noexcept;

}  // namespace webserv::frame_pool
