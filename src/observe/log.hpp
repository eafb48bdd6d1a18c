// observe/log.hpp: the error log: one line an event, in nginx's format or as JSON, to files, stderr or syslog.
// "2026/01/31 12:00:00 [error] 12#12: *7 message, client: ..., server: ..., request: "...", host: "...""
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "observe/log_line.hpp"
#include "observe/syslog.hpp"
#include "sys/fd.hpp"

namespace webserv::observe {

[[nodiscard]] std::optional<Level> parse_level(std::string_view name) noexcept;

/// How a configuration names a log.
struct LogPlace {
    std::string path;                              ///< "stderr", an absolute path, or what tells the syslog server from others
    std::shared_ptr<const SyslogServer> syslog{};  ///< null: a file
};

/// Where lines go: an open file (O_APPEND), stderr, or a syslog server. Shared by the logs that name the same place.
struct LogSink {
    std::string path;
    sys::Fd file;  ///< empty: stderr; for syslog a datagram socket
    std::shared_ptr<const SyslogServer> syslog{};
    std::uint64_t number = next_number();  ///< no other of this process has it, nor of those it was forked from

private:
    static std::uint64_t next_number() noexcept;
};
[[nodiscard]] Result<std::shared_ptr<LogSink>> open_sink(const LogPlace& place);
[[nodiscard]] inline Result<std::shared_ptr<LogSink>> open_sink(const std::string& path) { return open_sink(LogPlace{.path = path}); }

enum class LogForm : unsigned char { text, json };

/// Several sinks, each with the least severe level it takes. A value; cheap to copy.
class Log {
public:
    Log() = default;  ///< stderr at notice: what is used until the configuration has named another
    void add(std::shared_ptr<LogSink> sink, Level level, LogForm form = LogForm::text);

    [[nodiscard]] bool takes(Level level) const noexcept { return level <= most_verbose_; }

    /// Writes one line at once, with one write(2) a sink; never blocks on a regular file and never fails the caller.
    /// Control octets are written as \xHH, so nothing forges a line; a line longer than 4096 octets is cut.
    /// @param connection  the connection's number, printed as "*7"; 0 for none
    void write(Level level, std::string_view message, std::uint64_t connection = 0) const {
        write({.level = level, .message = message, .connection = connection});
    }
    /// @param whatever_level  to every sink: for a connection that is watched closely (debug_connection)
    void write(const LogEntry& entry, bool whatever_level = false) const;

private:
    struct Target {
        std::shared_ptr<LogSink> sink;
        Level level;
        LogForm form;
    };
    std::vector<Target> targets_;
    Level most_verbose_ = Level::notice;
};

}  // namespace webserv::observe
