// sys/shared_memory.cpp: one mapping, unmapped once.
// The kernel zeroes it.
#include "sys/shared_memory.hpp"

#include <sys/mman.h>

#include <utility>

namespace webserv::sys {

Result<SharedMemory> SharedMemory::create(std::size_t bytes) {
    void* const address = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (address == MAP_FAILED) return failed("mmap");
    return SharedMemory{std::span{static_cast<std::byte*>(address), bytes}};
}

SharedMemory::SharedMemory(SharedMemory&& other) noexcept : bytes_{std::exchange(other.bytes_, {})} {}

SharedMemory& SharedMemory::operator=(SharedMemory&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
}

SharedMemory::~SharedMemory() {
    if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

}  // namespace webserv::sys
