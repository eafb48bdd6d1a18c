// http/octets.hpp: which octets may stand where in a head: tables, and a test for field values.
// The tables are made at compile time; a lookup beats comparisons for sets with holes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "base/octet_words.hpp"

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

/// Whether no control but HTAB stands in a field's value.
[[nodiscard]] inline bool is_field_value(std::string_view value) noexcept {
    const auto has_control = [](octet_words::Word octets) {
        return (octet_words::below(octets, 0x20) | octet_words::equal(octets, 0x7f)) != 0;
    };
    // A tab is fine, so look closer.
    return !octet_words::any(value, has_control) || std::all_of(value.begin(), value.end(), is_value_octet);
}

}  // namespace webserv::http
