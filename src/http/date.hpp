// http/date.hpp: HTTP dates (RFC 9110 section 5.6.7): written as IMF-fixdate, read in all three forms.
// Always GMT, always English, whatever the locale.
#pragma once

#include <cstddef>
#include <ctime>
#include <optional>
#include <string_view>

namespace webserv::http {

inline constexpr std::size_t date_bytes = 29;  ///< "Sun, 06 Nov 1994 08:49:37 GMT"

/// Writes exactly date_bytes octets, no terminator.
void format_date(std::time_t time, char* into) noexcept;

/// The same as a text that lives until the thread's next call. Remembers some: files that are asked for often have few dates, and making
/// the text of one costs more than the rest of a head.
[[nodiscard]] std::string_view date_text(std::time_t time) noexcept;

/// IMF-fixdate, RFC 850 and asctime forms. Nothing if it is none of them or names no real day.
[[nodiscard]] std::optional<std::time_t> parse_date(std::string_view text) noexcept;

}  // namespace webserv::http
