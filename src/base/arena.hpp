// base/arena.hpp: the memory of one exchange, freed at once when it ends.
// Bump allocation out of pooled chunks; objects with a destructor of their own do not belong here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory_resource>
#include <span>
#include <string_view>

namespace webserv {

/// A memory_resource whose memory lives until the arena ends; deallocation does nothing.
/// Not for use by two threads. The first chunk comes from the thread's pool, so a request that fits costs no heap call.
class Arena final : public std::pmr::memory_resource {
public:
    Arena() = default;
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;
    ~Arena() override { reset(); }

    /// `bytes` octets, uninitialised.
    [[nodiscard]] char* take(std::size_t bytes, std::size_t alignment = 1) {
        // The address is aligned, not the offset: a chunk itself is only aligned as operator new aligns.
        const std::size_t start = used_ + (-(reinterpret_cast<std::uintptr_t>(memory_) + used_) & (alignment - 1));
        if (start <= capacity_ && bytes <= capacity_ - start) {
            used_ = start + bytes;
            return memory_ + start;
        }
        return take_from_new_chunk(bytes, alignment);
    }

    /// A copy of `text` that lives as long as the arena.
    [[nodiscard]] std::string_view copy(std::string_view text);

    /// `text` with ASCII's capitals made small; itself if there are none.
    [[nodiscard]] std::string_view lower(std::string_view text);

    /// Texts joined, in the arena's memory.
    [[nodiscard]] std::string_view join(std::string_view first, std::string_view second);
    [[nodiscard]] std::string_view join(std::initializer_list<std::string_view> texts);
    [[nodiscard]] std::string_view join(std::span<const std::string_view> texts, std::string_view separator);

    /// Frees everything; what came from this arena must not be used any more.
    void reset() noexcept;

private:
    struct Chunk;

    [[nodiscard]] char* take_from_new_chunk(std::size_t bytes, std::size_t alignment);

    void* do_allocate(std::size_t bytes, std::size_t alignment) override { return take(bytes, alignment); }
    void do_deallocate(void*, std::size_t, std::size_t) override {}
    bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

    char* memory_ = nullptr;  // of the newest chunk
    std::size_t used_ = 0;
    std::size_t capacity_ = 0;
    Chunk* newest_ = nullptr;
};

}  // namespace webserv
