// base/digest.cpp: both digests cut a text into blocks of 64 octets, padded in the same way but for the order of the octets.
// Written by the RFCs' own steps, without tricks: what they are used for is slow by intention.
#include "base/digest.hpp"

#include <bit>
#include <cmath>
#include <cstring>

namespace webserv {
namespace {

constexpr std::size_t block_bytes = 64;
constexpr std::size_t length_bytes = 8;

/// The text's end with a one bit, zeros and its length in bits, to whole blocks.
template <class Step>
void for_each_block(std::string_view text, bool big_endian, Step step) {
    const std::uint64_t bits = std::uint64_t{text.size()} * 8;
    while (text.size() >= block_bytes) {
        step(reinterpret_cast<const std::uint8_t*>(text.data()));
        text.remove_prefix(block_bytes);
    }
    std::array<std::uint8_t, 2 * block_bytes> end{};
    std::memcpy(end.data(), text.data(), text.size());
    end[text.size()] = 0x80;
    const std::size_t size = text.size() + 1 + length_bytes > block_bytes ? 2 * block_bytes : block_bytes;
    for (std::size_t i = 0; i < length_bytes; ++i) {
        const std::size_t shift = big_endian ? 8 * (length_bytes - 1 - i) : 8 * i;
        end[size - length_bytes + i] = static_cast<std::uint8_t>(bits >> shift);
    }
    for (std::size_t at = 0; at < size; at += block_bytes) step(end.data() + at);
}

std::array<std::uint32_t, 64> md5_sines() {
    std::array<std::uint32_t, 64> table{};
    for (unsigned i = 0; i < 64; ++i) table[i] = static_cast<std::uint32_t>(std::floor(4294967296.0 * std::fabs(std::sin(i + 1.0))));
    return table;
}

void md5_block(std::array<std::uint32_t, 4>& state, const std::uint8_t* block) {
    static const std::array<std::uint32_t, 64> sines = md5_sines();  // RFC 1321 section 3.4
    constexpr int shifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    std::uint32_t word[16];
    for (unsigned i = 0; i < 16; ++i) {
        word[i] = static_cast<std::uint32_t>(block[4 * i] | block[4 * i + 1] << 8 | block[4 * i + 2] << 16) |
                  static_cast<std::uint32_t>(block[4 * i + 3]) << 24;
    }
    auto [a, b, c, d] = state;
    for (unsigned i = 0; i < 64; ++i) {
        const unsigned round = i / 16;
        const std::uint32_t mixed = round == 0   ? (b & c) | (~b & d)
                                    : round == 1 ? (b & d) | (c & ~d)
                                    : round == 2 ? b ^ c ^ d
                                                 : c ^ (b | ~d);
        const unsigned from = round == 0 ? i : round == 1 ? 5 * i + 1 : round == 2 ? 3 * i + 5 : 7 * i;
        const std::uint32_t sum = a + mixed + word[from % 16] + sines[i];
        a = d;
        d = c;
        c = b;
        b += std::rotl(sum, shifts[round][i % 4]);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

void sha1_block(std::array<std::uint32_t, 5>& state, const std::uint8_t* block) {
    std::uint32_t word[80];
    for (unsigned i = 0; i < 16; ++i) {
        word[i] = static_cast<std::uint32_t>(block[4 * i]) << 24 |
                  static_cast<std::uint32_t>(block[4 * i + 1] << 16 | block[4 * i + 2] << 8 | block[4 * i + 3]);
    }
    for (unsigned i = 16; i < 80; ++i) word[i] = std::rotl(word[i - 3] ^ word[i - 8] ^ word[i - 14] ^ word[i - 16], 1);
    constexpr std::uint32_t constants[] = {0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6};
    auto [a, b, c, d, e] = state;
    for (unsigned i = 0; i < 80; ++i) {
        const unsigned round = i / 20;
        const std::uint32_t mixed = round == 0 ? (b & c) | (~b & d) : round == 2 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
        const std::uint32_t next = std::rotl(a, 5) + mixed + e + word[i] + constants[round];
        e = d;
        d = c;
        c = std::rotl(b, 30);
        b = a;
        a = next;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
}

}  // namespace

Md5Digest md5(std::string_view text) {
    std::array<std::uint32_t, 4> state{0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476};
    for_each_block(text, false, [&state](const std::uint8_t* block) { md5_block(state, block); });
    Md5Digest digest;
    for (unsigned i = 0; i < digest.size(); ++i) digest[i] = static_cast<std::uint8_t>(state[i / 4] >> (8 * (i % 4)));
    return digest;
}

Sha1Digest sha1(std::string_view text) {
    std::array<std::uint32_t, 5> state{0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    for_each_block(text, true, [&state](const std::uint8_t* block) { sha1_block(state, block); });
    Sha1Digest digest;
    for (unsigned i = 0; i < digest.size(); ++i) digest[i] = static_cast<std::uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)));
    return digest;
}

bool equal_in_constant_time(std::string_view one, std::string_view other) noexcept {
    if (one.size() != other.size()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < one.size(); ++i) difference |= static_cast<unsigned char>(one[i] ^ other[i]);
    return difference == 0;
}

}  // namespace webserv
