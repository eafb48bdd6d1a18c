// http/octets.hpp: which octets may stand where in a head: tables and a word-wide test for field values.
// The tables are made at compile time; a lookup beats comparisons for sets with holes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace webserv::http {

using OctetSet = std::array<bool, 256>;

[[nodiscard]] constexpr OctetSet octets(std::string_view punctuation, bool lower_case, bool digits) {
    OctetSet set{};
    for (int c = 'A'; c <= 'Z'; ++c) set[static_cast<std::size_t>(c)] = true;
    for (int c = 'a'; lower_case && c <= 'z'; ++c) set[static_cast<std::size_t>(c)] = true;
    for (int c = '0'; digits && c <= '9'; ++c) set[static_cast<std::size_t>(c)] = true;
    for (const char c : punctuation) set[static_cast<unsigned char>(c)] = true;
    return set;
}

inline constexpr OctetSet token_octets = octets("!#$%&'*+-.^_`|~", true, true);  ///< tchar, RFC 9110 section 5.6.2
inline constexpr OctetSet method_octets = octets("_-", false, false);            ///< nginx's methods

[[nodiscard]] inline bool contains(const OctetSet& set, char c) noexcept { return set[static_cast<unsigned char>(c)]; }

/// SP, HTAB, VCHAR and obs-text: no control may stand in a field value (RFC 9110 section 5.5).
[[nodiscard]] constexpr bool is_value_octet(char c) noexcept { return (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\t'; }

/// Whether one of eight octets is below 0x20 or 0x7f: the usual test for a zero octet, twice.
[[nodiscard]] inline bool has_control(std::uint64_t word) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101u;
    constexpr std::uint64_t tops = 0x8080808080808080u;
    const std::uint64_t deletes = word ^ (ones * 0x7f);
    return ((((word - ones * 0x20) & ~word) | ((deletes - ones) & ~deletes)) & tops) != 0;
}

/// Whether no control stands in a field's value. `value` must end at least eight octets behind the start of the memory it lies in
/// (in a head a request line comes first): short values are looked at together with what stands before them.
[[nodiscard]] inline bool is_field_value(std::string_view value) noexcept {
    const char* const end = value.data() + value.size();
    const auto clean = [](const char* octets) {
        std::uint64_t word = 0;
        std::memcpy(&word, octets, sizeof word);
        return !has_control(word);
    };
    bool all_clean = clean(end - 8);
    for (const char* next = value.data(); end - next > 8; next += 8) all_clean = all_clean && clean(next);
    return all_clean || std::all_of(value.begin(), value.end(), is_value_octet);  // a tab is fine, so look closer
}

}  // namespace webserv::http
