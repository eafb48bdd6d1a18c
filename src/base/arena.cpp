// base/arena.cpp: chunks, and the small pool they return to.
// Chunks of the common size are kept by the thread, so that most exchanges cost the heap nothing.
#include "base/arena.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>

#include "base/address_sanitizer.hpp"
#include "base/octet_words.hpp"
#include "base/text.hpp"

namespace webserv {

struct alignas(std::max_align_t) Arena::Chunk {
    Chunk* previous;
    std::size_t capacity;  // octets after this header
};

namespace {

constexpr std::size_t chunk_bytes = 4096;  // what the head, the path and the fields of a common exchange need
constexpr std::size_t spare_count_max = 64;

constexpr std::size_t bytes_max = SIZE_MAX / 4;  // beyond it sums could wrap; no heap has that much

// Chunks of the common size, kept by the thread for the next exchange.
struct Spares {
    void* chunks[spare_count_max];
    std::size_t count = 0;
    ~Spares() {
        while (count > 0) ::operator delete(chunks[--count]);
    }
};
thread_local Spares spares;

}  // namespace

char* Arena::take_from_new_chunk(std::size_t bytes, std::size_t alignment) {
    if (bytes > bytes_max) throw std::bad_alloc{};
    const std::size_t needed = sizeof(Chunk) + bytes + alignment;
    const std::size_t size = std::max(needed, chunk_bytes);
    void* const memory = size == chunk_bytes && spares.count > 0 ? spares.chunks[--spares.count] : ::operator new(size);
    newest_ = new (memory) Chunk{newest_, size - sizeof(Chunk)};
    memory_ = reinterpret_cast<char*>(newest_ + 1);
    capacity_ = newest_->capacity;
    used_ = 0;
    return take(bytes, alignment);
}

std::string_view Arena::copy(std::string_view text) {
    char* const memory = take(text.size());
    if (!text.empty()) std::memcpy(memory, text.data(), text.size());
    return {memory, text.size()};
}

std::string_view Arena::lower(std::string_view text) {
    if (!octet_words::any(text, [](octet_words::Word octets) { return octet_words::capitals(octets) != 0; })) return text;
    char* const memory = take(text.size());
    std::transform(text.begin(), text.end(), memory, text::to_lower);
    return {memory, text.size()};
}

std::string_view Arena::join(std::string_view first, std::string_view second) {
    char* const memory = take(first.size() + second.size());
    if (!first.empty()) std::memcpy(memory, first.data(), first.size());
    if (!second.empty()) std::memcpy(memory + first.size(), second.data(), second.size());
    return {memory, first.size() + second.size()};
}

std::string_view Arena::join(std::initializer_list<std::string_view> texts) {
    std::size_t bytes = 0;
    for (const std::string_view text : texts) bytes += text.size();
    char* const memory = take(bytes);
    char* end = memory;
    for (const std::string_view text : texts) end = std::copy(text.begin(), text.end(), end);
    return {memory, bytes};
}

std::string_view Arena::join(std::span<const std::string_view> texts, std::string_view separator) {
    if (texts.empty()) return {};
    std::size_t bytes = (texts.size() - 1) * separator.size();
    for (const std::string_view text : texts) bytes += text.size();
    char* const memory = take(bytes);
    char* end = std::copy(texts.front().begin(), texts.front().end(), memory);
    for (const std::string_view text : texts.subspan(1)) {
        end = std::copy(separator.begin(), separator.end(), end);
        end = std::copy(text.begin(), text.end(), end);
    }
    return {memory, bytes};
}

void Arena::reset() noexcept {
    while (newest_ != nullptr) {
        Chunk* const previous = newest_->previous;
        const bool common = !address_sanitizer && newest_->capacity + sizeof(Chunk) == chunk_bytes;
        if (common && spares.count < spare_count_max) {
            spares.chunks[spares.count++] = newest_;
        } else {
            ::operator delete(newest_);
        }
        newest_ = previous;
    }
    memory_ = nullptr;
    used_ = capacity_ = 0;
}

}  // namespace webserv
