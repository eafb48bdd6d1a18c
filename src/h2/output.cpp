// h2/output.cpp: blocks of one size, a few of them kept by each thread.
// More than a block is needed only when a peer is answered faster than it reads.
#include "h2/output.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "h2/frame.hpp"

namespace webserv::h2 {
namespace {

// The last frame may begin just below the mark.
constexpr std::size_t block_bytes = Output::high_water_bytes + 2 * (frame_bytes_max + frame_head_bytes);

class Blocks {
public:
    [[nodiscard]] char* take() { return count_ > 0 ? kept_[--count_].release() : new char[block_bytes]; }
    void give_back(char* block) noexcept {
        if (count_ < kept_.size()) {
            kept_[count_++].reset(block);
        } else {
            delete[] block;
        }
    }

private:
    std::array<std::unique_ptr<char[]>, 4> kept_;  // one is enough but when peers are slow
    std::size_t count_ = 0;
};

thread_local Blocks blocks;

}  // namespace

void Output::make_room(std::size_t bytes) {
    const std::size_t used = size();
    if (memory_ != nullptr && used + bytes <= capacity_) {
        std::memmove(memory_, memory_ + begin_, used);
    } else {
        const std::size_t wanted = used + bytes;
        const std::size_t capacity = wanted <= block_bytes ? block_bytes : std::max(2 * capacity_, wanted);
        char* const memory = capacity == block_bytes ? blocks.take() : new char[capacity];
        if (used > 0) std::memcpy(memory, memory_ + begin_, used);
        release();
        memory_ = memory;
        capacity_ = capacity;
    }
    begin_ = 0;
    end_ = used;
}

void Output::release() noexcept {
    if (capacity_ == block_bytes) {
        blocks.give_back(memory_);
    } else {
        delete[] memory_;
    }
    memory_ = nullptr;
    capacity_ = begin_ = end_ = 0;
}

}  // namespace webserv::h2
