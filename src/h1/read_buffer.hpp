// h1/read_buffer.hpp: memory that octets are received into: a window of unread ones, and room behind it.
// The two sizes that nearly every request needs are pooled by the thread, so that a steady state makes no heap call.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

namespace webserv::h1 {

class ReadBuffer {
public:
    ReadBuffer() = default;
    explicit ReadBuffer(std::size_t capacity);
    ReadBuffer(ReadBuffer&& other) noexcept { swap(other); }
    ReadBuffer& operator=(ReadBuffer&& other) noexcept {
        ReadBuffer moved{std::move(other)};
        swap(moved);
        return *this;
    }
    ~ReadBuffer();

    [[nodiscard]] std::string_view unread() const noexcept { return {memory_ + begin_, end_ - begin_}; }
    void take(std::size_t bytes) noexcept { begin_ += bytes; }  ///< their memory stays as it is until make_room() or clear()

    [[nodiscard]] std::span<char> room() const noexcept { return {memory_ + end_, capacity_ - end_}; }
    void filled(std::size_t bytes) noexcept { end_ += bytes; }
    /// Room for at least one octet: by moving the unread ones to the front, else by doubling, up to `capacity_max`.
    void make_room(std::size_t capacity_max);
    void clear() noexcept { begin_ = end_ = 0; }

private:
    void swap(ReadBuffer& other) noexcept {
        std::swap(memory_, other.memory_);
        std::swap(capacity_, other.capacity_);
        std::swap(begin_, other.begin_);
        std::swap(end_, other.end_);
    }

    char* memory_ = nullptr;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;  // of the unread octets
    std::size_t end_ = 0;
};

inline constexpr std::size_t content_buffer_bytes = 16'384;  ///< large content, a system call at a time: nginx's default on 64 bits

}  // namespace webserv::h1
