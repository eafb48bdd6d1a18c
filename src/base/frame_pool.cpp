// base/frame_pool.cpp: free lists by size class.
// A frame stays with the thread that allocated it: no lock, and bounded by the most frames that were alive at once.
#include "base/frame_pool.hpp"

#include <array>
#include <new>

#include "base/address_sanitizer.hpp"

namespace webserv::frame_pool {
namespace {

constexpr std::size_t class_bytes = 64;         // a cache line: classes finer than this would not share memory better
constexpr std::size_t pooled_bytes_max = 2048;  // larger frames are rare; they go to the heap
constexpr std::size_t class_count = pooled_bytes_max / class_bytes;

struct FreeFrame {
    FreeFrame* next;
};

// Frames stay with their thread until it ends: their number is bounded by the most that were alive at once.
class Pool {
public:
    Pool() = default;
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    ~Pool() {
        for (FreeFrame*& head : free_) {
            while (head != nullptr) ::operator delete(take(head));
        }
    }

    static FreeFrame* take(FreeFrame*& head) {
        FreeFrame* const frame = head;
        head = frame->next;
        return frame;
    }

    std::array<FreeFrame*, class_count> free_{};
};

thread_local Pool pool;

constexpr std::size_t class_of(std::size_t bytes) { return (bytes - 1) / class_bytes; }

}  // namespace

void* allocate(std::size_t bytes) {
    if (address_sanitizer || bytes > pooled_bytes_max) return ::operator new(bytes);
    FreeFrame*& head = pool.free_[class_of(bytes)];
    if (head != nullptr) return Pool::take(head);
    return ::operator new((class_of(bytes) + 1) * class_bytes);
}

void release(void* frame, std::size_t bytes) noexcept {
    if (address_sanitizer || bytes > pooled_bytes_max) return ::operator delete(frame);
    FreeFrame*& head = pool.free_[class_of(bytes)];
    head = new (frame) FreeFrame{head};
}

}  // namespace webserv::frame_pool
