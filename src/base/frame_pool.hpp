// base/frame_pool.hpp: where coroutine frames come from.
// One free list a size class and thread: a frame costs a pop and a push, so nested coroutines are free (measured).
#pragma once

#include <array>
#include <cstddef>
#include <new>

#include "base/address_sanitizer.hpp"

namespace webserv::frame_pool {

namespace detail {

constexpr std::size_t class_bytes = 16;         // the heap's own step: what waits in thousands is not rounded up twice
constexpr std::size_t header_bytes = 8;         // which the heap puts before each block
constexpr std::size_t pooled_bytes_max = 2048;  // larger frames are rare; they go to the heap
constexpr std::size_t class_of(std::size_t bytes) { return (bytes + header_bytes - 1) / class_bytes; }

struct FreeFrame {
    FreeFrame* next;
};

// Constant-initialised and without a destructor: reached without a guard, a dozen times a request.
inline constinit thread_local std::array<FreeFrame*, class_of(pooled_bytes_max) + 1> free_frames{};

/// A new block of the size class, and the promise that this thread frees its lists when it ends.
[[nodiscard]] void* allocate_anew(std::size_t bytes);

}  // namespace detail

/// Memory for one coroutine frame of `bytes` octets; aligned as operator new aligns. Never null (ends the process instead).
[[nodiscard]] inline void* allocate(std::size_t bytes) {
    if (address_sanitizer || bytes > detail::pooled_bytes_max) return ::operator new(bytes);
    detail::FreeFrame*& head = detail::free_frames[detail::class_of(bytes)];
    if (head == nullptr) return detail::allocate_anew(bytes);
    detail::FreeFrame* const frame = head;
    head = frame->next;
    return frame;
}

/// Gives back what allocate() returned for the same number of octets, on the same thread.
inline void release(void* frame, std::size_t bytes) noexcept {
    if (address_sanitizer || bytes > detail::pooled_bytes_max) return ::operator delete(frame);
    detail::FreeFrame*& head = detail::free_frames[detail::class_of(bytes)];
    head = new (frame) detail::FreeFrame{head};
}

}  // namespace webserv::frame_pool
