// base/octet_words.hpp: eight octets looked at in one step, as a word: whether any of them is of some kind.
// Short texts are the rule in a head, so they are looked at in one step as well: octets that overlap are looked at twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace webserv::octet_words {

using Word = std::uint64_t;

constexpr Word each = 0x0101010101010101;
constexpr Word tops = each * 0x80;

// Not zero if an octet of the word is of the kind; which one it is they do not tell.
[[nodiscard]] constexpr Word zeros(Word word) noexcept { return (word - each) & ~word & tops; }
[[nodiscard]] constexpr Word equal(Word word, char octet) noexcept { return zeros(word ^ each * static_cast<unsigned char>(octet)); }
/// @param bound  at most 0x80
[[nodiscard]] constexpr Word below(Word word, unsigned bound) noexcept { return (word - each * bound) & ~word & tops; }

/// The top bit of each octet that is one of A to Z.
[[nodiscard]] constexpr Word capitals(Word word) noexcept {
    const Word sevens = word & ~tops;
    const Word from_a = sevens + each * (0x80 - 'A');
    const Word beyond_z = sevens + each * (0x7f - 'Z');
    return from_a & ~beyond_z & ~word & tops;
}
/// ASCII's capitals made small.
[[nodiscard]] constexpr Word lower(Word word) noexcept { return word | capitals(word) >> 2; }

[[nodiscard]] inline Word load(const char* octets) noexcept {
    Word word = 0;
    std::memcpy(&word, octets, sizeof word);
    return word;
}

/// All octets of a text of less than eight, and nothing else; the same way for texts of the same length. Empty: 0.
[[nodiscard]] inline Word load_short(std::string_view text) noexcept {
    const std::size_t size = text.size();
    if (size >= 4) {
        std::uint32_t first = 0;
        std::uint32_t last = 0;
        std::memcpy(&first, text.data(), sizeof first);
        std::memcpy(&last, text.data() + size - sizeof last, sizeof last);
        return Word{last} << 32 | first;
    }
    if (size == 0) return 0;
    const auto octet = [&](std::size_t position) { return Word{static_cast<unsigned char>(text[position])}; };
    return octet(0) * (each << 16) | octet(size / 2) << 8 | octet(size - 1);
}

/// Whether `has` is true of a word of the text: a question about its octets that they answer one by one.
template <class Has>
[[nodiscard]] inline bool any(std::string_view text, const Has& has) noexcept {
    if (text.size() < sizeof(Word)) return !text.empty() && has(load_short(text));
    const char* const last = text.data() + text.size() - sizeof(Word);
    for (const char* next = text.data(); next < last; next += sizeof(Word)) {
        if (has(load(next))) return true;
    }
    return has(load(last));
}

}  // namespace webserv::octet_words
