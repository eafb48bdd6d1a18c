// tls/session_memory.cpp: pages of their own for SSL_new(3)'s object, and what is kept of them.
// OpenSSL's objects point at each other and nobody else at them: they come back to where they were.
#include "tls/session_memory.hpp"

#include <openssl/ssl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace webserv::tls {
namespace {

constexpr std::size_t bits = 64;

// Smaller objects than a page are not worth it, and other blocks that SSL_new(3) may ask for are small.
std::size_t page_bytes() noexcept {
    static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return bytes;
}

std::size_t whole_pages(std::size_t bytes) noexcept { return (bytes + page_bytes() - 1) / page_bytes() * page_bytes(); }

// What SSL_new(3), which this thread is calling, has been given.
struct Taken {
    bool expected = false;
    void* pages = nullptr;
    std::size_t bytes = 0;
};
thread_local Taken taken;

}  // namespace

void* take_session_pages(std::size_t bytes) noexcept {
    if (!taken.expected || bytes <= page_bytes()) [[likely]]
        return nullptr;
    taken.expected = false;
    taken.pages = std::aligned_alloc(page_bytes(), whole_pages(bytes));
    taken.bytes = bytes;
    return taken.pages;
}

Session::Session(ssl_ctx_st* context) {
    taken = {.expected = true};
    handle_.reset(SSL_new(context));
    if (handle_ && taken.pages == handle_.get()) words_ = (taken.bytes + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t);
    taken = {};
}

void Session::rest() {
    if (words_ == 0 || kept_) return;
    auto* const object = reinterpret_cast<std::uint64_t*>(handle_.get());
    const std::size_t map_words = (words_ + bits - 1) / bits;
    std::size_t count = map_words;
    for (std::size_t i = 0; i < words_; ++i) count += object[i] != 0 ? 1 : 0;
    std::unique_ptr<std::uint64_t[]> kept{new std::uint64_t[count]};
    std::memset(kept.get(), 0, map_words * sizeof(std::uint64_t));
    std::uint64_t* next = kept.get() + map_words;
    for (std::size_t i = 0; i < words_; ++i) {
        if (object[i] == 0) continue;
        kept[i / bits] |= std::uint64_t{1} << i % bits;
        *next++ = object[i];
    }
    // Where the pages can not be given back (they are locked, say), everything stays.
    if (::madvise(object, whole_pages(words_ * sizeof(std::uint64_t)), MADV_DONTNEED) == 0) kept_ = std::move(kept);
}

// The pages are zeros again when they are touched.
void Session::restore() const noexcept {
    const std::unique_ptr<std::uint64_t[]> kept = std::move(kept_);
    auto* const object = reinterpret_cast<std::uint64_t*>(handle_.get());
    const std::size_t map_words = (words_ + bits - 1) / bits;
    const std::uint64_t* next = kept.get() + map_words;
    for (std::size_t word = 0; word < map_words; ++word) {
        for (std::uint64_t map = kept[word]; map != 0; map &= map - 1) {
            object[word * bits + static_cast<std::size_t>(std::countr_zero(map))] = *next++;
        }
    }
    ::explicit_bzero(kept.get(), static_cast<std::size_t>(next - kept.get()) * sizeof(std::uint64_t));  // there are keys among them
}

}  // namespace webserv::tls
