// base/text.cpp: ASCII helpers and edit distance.
// Not on hot paths, except the comparison of names.
#include "base/text.hpp"

#include <charconv>
#include <vector>

#include "base/octet_words.hpp"

namespace webserv::text {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";  // of base64

/// Not printable ASCII, or a quote or a backslash.
constexpr octet_words::Word needs_escape(octet_words::Word octets) noexcept {
    const octet_words::Word from_delete_on = (octets | (octets + octet_words::each)) & octet_words::tops;
    return octet_words::below(octets, 0x20) | from_delete_on | octet_words::equal(octets, '"') | octet_words::equal(octets, '\\');
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    using octet_words::load, octet_words::lower;
    const std::size_t size = a.size();
    constexpr std::size_t step = sizeof(octet_words::Word);
    if (size != b.size()) return false;
    if (size < step) return lower(octet_words::load_short(a)) == lower(octet_words::load_short(b));
    for (std::size_t at = 0; at + step < size; at += step) {
        if (lower(load(a.data() + at)) != lower(load(b.data() + at))) return false;
    }
    return lower(load(a.data() + size - step)) == lower(load(b.data() + size - step));
}

std::string lower(std::string_view text) {
    std::string result{text};
    for (char& c : result) c = to_lower(c);
    return result;
}

std::string_view trim(std::string_view text) noexcept {
    const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

std::optional<std::uint64_t> parse_decimal(std::string_view digits) noexcept {
    std::uint64_t value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return value;
}

bool is_plain(std::string_view text) noexcept {
    return !octet_words::any(text, [](octet_words::Word octets) { return needs_escape(octets) != 0; });
}

std::size_t plain_octets(std::string_view text) noexcept {
    constexpr std::size_t step = sizeof(octet_words::Word);
    std::size_t count = 0;
    while (text.size() - count >= step && needs_escape(octet_words::load(text.data() + count)) == 0) count += step;
    const auto is_plain_octet = [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; };
    while (count < text.size() && is_plain_octet(text[count])) ++count;
    return count;
}

std::optional<std::string> decode_base64(std::string_view text) {
    while (text.ends_with('=')) text.remove_suffix(1);
    std::string decoded;
    std::uint32_t bits = 0;
    int count = 0;  // of bits gathered
    for (const char c : text) {
        const auto value = alphabet.find(c);
        if (value == alphabet.npos) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        decoded += static_cast<char>(bits >> count & 0xff);
    }
    return decoded;
}

std::string encode_base64(std::string_view octets) {
    std::string encoded;
    std::uint32_t bits = 0;
    int count = 0;  // of bits gathered
    for (const char c : octets) {
        bits = bits << 8 | static_cast<unsigned char>(c);
        for (count += 8; count >= 6; count -= 6) encoded += alphabet[bits >> (count - 6) & 63];
    }
    if (count > 0) encoded += alphabet[bits << (6 - count) & 63];
    encoded.append((4 - encoded.size() % 4) % 4, '=');
    return encoded;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    // Optimal string alignment: three rows of the usual table are enough.
    std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before.swap(above);
        above.swap(row);
    }
    return above[b.size()];
}

}  // namespace webserv::text
