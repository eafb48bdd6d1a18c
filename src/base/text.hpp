// base/text.hpp: small questions about text, answered once.
// ASCII only: protocol elements are case-insensitive in ASCII whatever the locale says (RFC 9110 section 5.6.2).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace webserv::text {

[[nodiscard]] constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool is_alpha(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// The value of one hexadecimal digit, or -1.
[[nodiscard]] constexpr int hex_value(char c) noexcept {
    if (is_digit(c)) return c - '0';
    const char lower = to_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Equality that ignores ASCII case.
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// `text` in lower case.
[[nodiscard]] std::string lower(std::string_view text);

/// `text` without leading and trailing spaces and tabs (OWS of RFC 9110 section 5.6.3).
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;

/// 1*DIGIT as a number. Nothing: empty, another octet, or more than 64 bits hold.
[[nodiscard]] std::optional<std::uint64_t> parse_decimal(std::string_view digits) noexcept;

/// Whether all octets are printable ASCII, and neither `"` nor `\`: what no log has to escape.
[[nodiscard]] bool is_plain(std::string_view text) noexcept;
/// How many octets at the beginning are.
[[nodiscard]] std::size_t plain_octets(std::string_view text) noexcept;

/// base64 (RFC 4648 section 4), padding optional. Nothing if another octet stands in it.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

[[nodiscard]] std::string encode_base64(std::string_view octets);  ///< with padding

/// The candidate nearest to `word` by edit distance, if it is near enough to be what was meant; else empty.
/// Near enough: at most a third of the word's length, at most 3 edits (a swap of neighbours counts as one).
template <class Candidates>
[[nodiscard]] std::string_view nearest(std::string_view word, const Candidates& candidates);

/// The number of insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

template <class Candidates>
std::string_view nearest(std::string_view word, const Candidates& candidates) {
    std::size_t best = std::min<std::size_t>(3, word.size() / 3) + 1;
    std::string_view found;
    for (const std::string_view candidate : candidates) {
        if (const std::size_t distance = edit_distance(word, candidate); distance < best) {
            best = distance;
            found = candidate;
        }
    }
    return found;
}

}  // namespace webserv::text
