// sys/shared_memory.hpp: memory that a process and all its later children see alike.
// Anonymous: it has no name, and is gone with the last process that maps it.
#pragma once

#include <cstddef>
#include <span>

#include "base/result.hpp"

namespace webserv::sys {

class SharedMemory {
public:
    /// `bytes` octets, zeroed, aligned to a page. mmap(2) with MAP_SHARED | MAP_ANONYMOUS.
    [[nodiscard]] static Result<SharedMemory> create(std::size_t bytes);
    /// The same for much that is used little by little: a page is taken when it is first written to (MAP_NORESERVE).
    [[nodiscard]] static Result<SharedMemory> reserve(std::size_t bytes);
    SharedMemory(SharedMemory&& other) noexcept;
    SharedMemory& operator=(SharedMemory&& other) noexcept;
    ~SharedMemory();

    /// Secrets lie here: no core dump has them (madvise(2), MADV_DONTDUMP).
    void keep_out_of_dumps() const noexcept;
    [[nodiscard]] std::span<std::byte> bytes() const noexcept { return bytes_; }

private:
    explicit SharedMemory(std::span<std::byte> bytes) noexcept : bytes_{bytes} {}
    std::span<std::byte> bytes_;
};

}  // namespace webserv::sys
