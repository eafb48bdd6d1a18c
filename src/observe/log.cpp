// observe/log.cpp: building one line of the error log on the stack and writing it at once.
// Whatever a peer sent, it stays within its line: control octets are escaped.
#include "observe/log.hpp"

#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "sys/file.hpp"

namespace webserv::observe {

namespace {

constexpr std::array<std::string_view, 9> names = {"", "emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"};

/// A line with its end. One write(2) of at most 4096 octets is atomic even on a pipe (PIPE_BUF), so workers' lines never mix.
constexpr std::size_t line_bytes_max = 4096;

class Line {
public:
    void append(std::string_view text) noexcept {
        const std::size_t count = std::min(text.size(), room());
        std::copy_n(text.data(), count, bytes_.data() + used_);
        used_ += count;
    }

    /// Control octets become \xHH; cut before the first that does not fit.
    void append_escaped(std::string_view text) noexcept {
        constexpr std::string_view digits = "0123456789ABCDEF";
        for (const char c : text) {
            const auto octet = static_cast<unsigned char>(c);
            const bool control = octet < 0x20 || octet == 0x7f;
            if (room() < (control ? 4U : 1U)) return;
            if (control) {
                const std::array escaped = {'\\', 'x', digits[octet >> 4U], digits[octet & 0xfU]};
                append({escaped.data(), escaped.size()});
            } else {
                bytes_[used_++] = c;
            }
        }
    }

    [[nodiscard]] std::string_view finish() noexcept {
        bytes_[used_++] = '\n';
        return {bytes_.data(), used_};
    }

private:
    [[nodiscard]] std::size_t room() const noexcept { return line_bytes_max - 1 - used_; }

    std::array<char, line_bytes_max> bytes_;
    std::size_t used_ = 0;
};

/// "2026/01/31 12:00:00 [error] 12#12: " and "*7 " for a connection; well below the line's bound.
void append_prefix(Line& line, Level level, std::uint64_t connection) {
    const time_t seconds = ::time(nullptr);
    tm local{};
    ::localtime_r(&seconds, &local);
    // Asked for each time: a number remembered across fork would be the parent's.
    const pid_t process = ::getpid();
    std::array<char, 128> prefix;
    const auto end =
        fmt::format_to_n(prefix.data(), prefix.size(), "{:04}/{:02}/{:02} {:02}:{:02}:{:02} [{}] {}#{}: ", local.tm_year + 1900,
                         local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec, level_name(level), process, process);
    line.append({prefix.data(), std::min(end.size, prefix.size())});
    if (connection == 0) return;
    const auto number = fmt::format_to_n(prefix.data(), prefix.size(), "*{} ", connection);
    line.append({prefix.data(), number.size});
}

void write_to(int descriptor, std::string_view bytes) noexcept {
    // A log that cannot be written must not hurt the request that it tells about; nginx does the same.
    [[maybe_unused]] const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
}

}  // namespace

std::optional<Level> parse_level(std::string_view name) noexcept {
    const auto found = std::find(names.begin() + 1, names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<Level>(found - names.begin());
}

std::string_view level_name(Level level) noexcept { return names[static_cast<std::size_t>(level)]; }

Result<std::shared_ptr<LogSink>> open_sink(const std::string& path) {
    auto sink = std::make_shared<LogSink>();
    sink->path = path;
    if (path == "stderr") return sink;
    auto file = sys::open_for_appending(path.c_str());
    if (!file) return std::unexpected{file.error()};
    sink->file = std::move(*file);
    return sink;
}

void Log::add(std::shared_ptr<LogSink> sink, Level level) {
    most_verbose_ = targets_.empty() ? level : std::max(most_verbose_, level);
    targets_.push_back({std::move(sink), level});
}

void Log::write(Level level, std::string_view message, std::uint64_t connection) const {
    if (!takes(level)) return;
    // What the caller is about to do with errno is none of the log's business.
    const int saved_errno = errno;
    Line line;
    append_prefix(line, level, connection);
    line.append_escaped(message);
    const std::string_view bytes = line.finish();
    if (targets_.empty()) write_to(STDERR_FILENO, bytes);
    for (const Target& target : targets_) {
        if (level > target.level) continue;
        write_to(target.sink->file ? target.sink->file.get() : STDERR_FILENO, bytes);
    }
    errno = saved_errno;
}

}  // namespace webserv::observe
