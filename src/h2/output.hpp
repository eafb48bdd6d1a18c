// h2/output.hpp: frames that wait to leave, in one piece of memory, so that many of them leave in one write.
// An idle connection owns none: blocks come from the thread's pool and go back as soon as they are empty.
#pragma once

#include <cstddef>
#include <string_view>

namespace webserv::h2 {

class Output {
public:
    Output() = default;
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;
    ~Output() { release(); }

    /// Content stops being added at this size: four full TLS records leave at once, and the kernel gets enough to do.
    static constexpr std::size_t high_water_bytes = 64U << 10;

    [[nodiscard]] std::string_view pending() const noexcept { return {memory_ + begin_, end_ - begin_}; }
    [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
    [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
    [[nodiscard]] bool is_full() const noexcept { return size() >= high_water_bytes; }

    /// Memory behind what is pending, for at least `bytes` octets; they count after add().
    [[nodiscard]] char* room(std::size_t bytes) {
        if (capacity_ - end_ < bytes) make_room(bytes);
        return memory_ + end_;
    }
    void add(std::size_t bytes) noexcept { end_ += bytes; }
    void remove(std::size_t bytes) noexcept {  ///< they have left
        begin_ += bytes;
        if (begin_ == end_) release();
    }

private:
    void make_room(std::size_t bytes);
    void release() noexcept;

    char* memory_ = nullptr;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace webserv::h2
