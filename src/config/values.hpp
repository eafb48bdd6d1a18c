// config/values.hpp: sizes, times, flags and numbers as nginx writes them.
// Nothing is returned for what nginx refuses, and for numbers beyond 63 bits.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace webserv::config {

[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;    ///< "8k", "1m": octets
[[nodiscard]] std::optional<std::uint64_t> parse_offset(std::string_view text) noexcept;  ///< also "1g"
/// "30", "500ms", "1h30m", "1d 12h"; bare numbers are seconds. Units must descend. "M" and "y" are refused, as nginx does
/// wherever milliseconds are kept.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_time(std::string_view text) noexcept;
/// As parse_time, but refuses "ms" and takes "M" (30 days) and "y" (365 days).
[[nodiscard]] std::optional<std::chrono::seconds> parse_seconds(std::string_view text) noexcept;
[[nodiscard]] std::optional<bool> parse_flag(std::string_view text) noexcept;            ///< "on"/"off", ignoring case
[[nodiscard]] std::optional<std::int64_t> parse_number(std::string_view text) noexcept;  ///< digits only: no sign

}  // namespace webserv::config
