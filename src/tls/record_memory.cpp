// tls/record_memory.cpp: malloc(3), with a few spare blocks of a record's size a thread.
// OpenSSL frees without saying how much: malloc_usable_size(3) knows.
#include "tls/record_memory.hpp"

#include <malloc.h>
#include <openssl/crypto.h>

#include <array>
#include <cstddef>
#include <cstdlib>

#include "tls/session_memory.hpp"

namespace webserv::tls {
namespace {

// A record's 16 KiB, its head, padding, tag and alignment; the bounds are wide because they are OpenSSL's own affair.
constexpr std::size_t record_bytes_min = 16U << 10, record_bytes_max = 18U << 10;
constexpr std::size_t spares_max = 8;  // a connection has two while it is served; more are served at once only while they wait

struct Spares {
    std::array<void*, spares_max> blocks{};
    std::size_t count = 0;
    bool over = false;  // the thread ends: what is freed now stays freed
    ~Spares() {
        over = true;
        while (count > 0) std::free(blocks[--count]);
    }
};
thread_local Spares spares;

bool is_record(std::size_t bytes) { return bytes >= record_bytes_min && bytes <= record_bytes_max; }

void* allocate(std::size_t bytes, const char* /*file*/, int /*line*/) {
    if (void* const pages = take_session_pages(bytes)) return pages;
    if (!is_record(bytes)) return std::malloc(bytes);
    if (spares.count > 0) return spares.blocks[--spares.count];
    return std::malloc(record_bytes_max);  // so that each spare fits all
}

void* reallocate(void* block, std::size_t bytes, const char* /*file*/, int /*line*/) { return std::realloc(block, bytes); }

void release(void* block, const char* /*file*/, int /*line*/) {
    if (block == nullptr) return;
    // A little more than asked for is usual; far more would be another kind of block.
    const std::size_t bytes = ::malloc_usable_size(block);
    const bool fits = bytes >= record_bytes_max && bytes < record_bytes_max + 64;
    if (fits && spares.count < spares_max && !spares.over) {
        spares.blocks[spares.count++] = block;
    } else {
        std::free(block);
    }
}

}  // namespace

void use_record_memory() noexcept { (void)CRYPTO_set_mem_functions(allocate, reallocate, release); }

}  // namespace webserv::tls
