// observe/log.hpp: the error log: one line an event, in nginx's format, to files or stderr.
// "2026/01/31 12:00:00 [error] 12#12: *7 message, client: ..., server: ..., request: "...", host: "...""
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace webserv::observe {

/// nginx's levels, most severe first.
enum class Level : unsigned char { emerg = 1, alert, crit, error, warn, notice, info, debug };

[[nodiscard]] std::optional<Level> parse_level(std::string_view name) noexcept;
[[nodiscard]] std::string_view level_name(Level level) noexcept;

/// Where lines go: an open file (O_APPEND) or stderr. Shared by the logs that name the same path.
struct LogSink {
    std::string path;  ///< "stderr" or an absolute path
    sys::Fd file;      ///< empty: stderr
};
[[nodiscard]] Result<std::shared_ptr<LogSink>> open_sink(const std::string& path);

/// Several sinks, each with the least severe level it takes. A value; cheap to copy.
class Log {
public:
    Log() = default;  ///< stderr at notice: what is used until the configuration has named another
    void add(std::shared_ptr<LogSink> sink, Level level);

    [[nodiscard]] bool takes(Level level) const noexcept { return level <= most_verbose_; }

    /// Writes one line at once, with one write(2) a sink; never blocks on a regular file and never fails the caller.
    /// Control octets are written as \xHH, so nothing forges a line; a line longer than 4096 octets is cut.
    /// @param connection  the connection's number, printed as "*7"; 0 for none
    void write(Level level, std::string_view message, std::uint64_t connection = 0) const;

private:
    struct Target {
        std::shared_ptr<LogSink> sink;
        Level level;
    };
    std::vector<Target> targets_;
    Level most_verbose_ = Level::notice;
};

}  // namespace webserv::observe
