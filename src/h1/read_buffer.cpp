// h1/read_buffer.cpp: where the memory comes from: small buffers from the frame pool, content buffers from a list of spares.
// Other sizes go to the heap: they are rare.
#include "h1/read_buffer.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <new>

#include "base/frame_pool.hpp"

namespace webserv::h1 {
namespace {

constexpr std::size_t small_bytes_max = 2048;  // what the frame pool keeps
constexpr std::size_t spare_count_max = 8;     // uploads that end and begin at about the same time

struct Spares {
    std::array<char*, spare_count_max> buffers{};
    std::size_t count = 0;
    ~Spares() {
        while (count > 0) ::operator delete(buffers[--count]);
    }
};
thread_local Spares spares;

char* allocate(std::size_t bytes) {
    if (bytes <= small_bytes_max) return static_cast<char*>(frame_pool::allocate(bytes));
    if (bytes == content_buffer_bytes && spares.count > 0) return spares.buffers[--spares.count];
    return static_cast<char*>(::operator new(bytes));
}

void release(char* memory, std::size_t bytes) noexcept {
    if (memory == nullptr) return;
    if (bytes <= small_bytes_max) return frame_pool::release(memory, bytes);
    if (bytes == content_buffer_bytes && spares.count < spare_count_max) {
        spares.buffers[spares.count++] = memory;
    } else {
        ::operator delete(memory);
    }
}

}  // namespace

ReadBuffer::ReadBuffer(std::size_t capacity) : memory_{allocate(capacity)}, capacity_{capacity} { assert(capacity > 0); }

ReadBuffer::~ReadBuffer() { release(memory_, capacity_); }

void ReadBuffer::make_room(std::size_t capacity_max) {
    const std::string_view kept = unread();
    if (begin_ > 0) {
        std::memmove(memory_, kept.data(), kept.size());
        begin_ = 0;
        end_ = kept.size();
    }
    if (end_ < capacity_) return;
    assert(capacity_ < capacity_max);
    ReadBuffer larger{std::min(capacity_ * 2, capacity_max)};
    std::memcpy(larger.memory_, kept.data(), kept.size());
    larger.end_ = kept.size();
    swap(larger);
}

}  // namespace webserv::h1
