// observe/log_line.hpp: one line of the error log, built on the stack: in nginx's form, or as a JSON object.
// Whatever a peer sent, it stays within its line and within its value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace webserv::observe {

/// nginx's levels, most severe first.
enum class Level : unsigned char { emerg = 1, alert, crit, error, warn, notice, info, debug };

/// What is known about where a message comes from: `, client: 127.0.0.1` in text, `"client":"127.0.0.1"` in JSON.
struct LogField {
    std::string_view name;
    std::string_view value;
    bool quoted = false;  ///< in text: `request: "GET / HTTP/1.1"`
};

struct LogEntry {
    Level level;
    std::string_view message;
    std::uint64_t connection = 0;  ///< printed as "*7"; 0: none
    std::span<const LogField> context{};
};

/// A line with its end. One write(2) of at most 4096 octets is atomic even on a pipe (PIPE_BUF), so workers' lines never mix.
inline constexpr std::size_t log_line_bytes_max = 4096;
using LogLineMemory = std::array<char, log_line_bytes_max>;

/// "2026/01/31 12:00:00 [error] 12#12: *7 message, client: ..." and the line's end. Control octets are written as \xHH; cut where it
/// would be too long.
[[nodiscard]] std::string_view render_text_line(const LogEntry& entry, LogLineMemory& memory) noexcept;

/// {"time":"2026-01-31T12:00:00.123+01:00","level":"error","pid":12,"tid":12,"connection":7,"message":"...","client":"..."} and the
/// line's end. Always one valid object of UTF-8: values are cut, what is no UTF-8 becomes U+FFFD.
[[nodiscard]] std::string_view render_json_line(const LogEntry& entry, LogLineMemory& memory) noexcept;

[[nodiscard]] std::string_view level_name(Level level) noexcept;

}  // namespace webserv::observe
