// http/status.hpp: status codes and their phrases (RFC 9110 section 15 and the IANA registry).
// The phrase is for people and scripts; no client may depend on it.
#pragma once

#include <array>
#include <string_view>

namespace webserv::http {

/// "404", "000": what messages and logs say, always three digits. 0 to 999.
[[nodiscard]] constexpr std::array<char, 3> status_digits(int status) noexcept {
    const auto digit = [](int number) { return static_cast<char>('0' + number % 10); };
    return {digit(status / 100), digit(status / 10), digit(status)};
}

/// "Not Found" for 404; empty for a code without a registered phrase.
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

/// Whether a response with this status never has content: 1xx, 204, 304.
[[nodiscard]] constexpr bool is_contentless(int status) noexcept { return status < 200 || status == 204 || status == 304; }

[[nodiscard]] constexpr bool is_redirect(int status) noexcept {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace webserv::http
