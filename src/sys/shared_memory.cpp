// sys/shared_memory.cpp: one mapping, unmapped once.
// The kernel zeroes it.
#include "sys/shared_memory.hpp"

#include <sys/mman.h>

#include <utility>

namespace webserv::sys {

namespace {

Result<std::span<std::byte>> map(std::size_t bytes, int flags) {
    void* const address = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | flags, -1, 0);
    if (address == MAP_FAILED) return failed("mmap");
    return std::span{static_cast<std::byte*>(address), bytes};
}

}  // namespace

Result<SharedMemory> SharedMemory::create(std::size_t bytes) {
    const auto mapped = map(bytes, 0);
    if (!mapped) return std::unexpected{mapped.error()};
    return SharedMemory{*mapped};
}

Result<SharedMemory> SharedMemory::reserve(std::size_t bytes) {
    const auto mapped = map(bytes, MAP_NORESERVE);
    if (!mapped) return std::unexpected{mapped.error()};
    return SharedMemory{*mapped};
}

SharedMemory::SharedMemory(SharedMemory&& other) noexcept : bytes_{std::exchange(other.bytes_, {})} {}

SharedMemory& SharedMemory::operator=(SharedMemory&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
}

void SharedMemory::keep_out_of_dumps() const noexcept { (void)::madvise(bytes_.data(), bytes_.size(), MADV_DONTDUMP); }

SharedMemory::~SharedMemory() {
    if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

}  // namespace webserv::sys
