// observe/log.cpp: writing a line at once to each sink that takes it.
// A log that can not be written must not hurt what it tells about.
#include "observe/log.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <utility>

#include "sys/file.hpp"

namespace webserv::observe {
namespace {

/// The line in either form, made when the first sink asks for it.
class Lines {
public:
    explicit Lines(const LogEntry& entry) noexcept : entry_{entry} {}
    [[nodiscard]] std::string_view in(LogForm form) noexcept {
        if (form == LogForm::json) return json_.empty() ? json_ = render_json_line(entry_, json_memory_) : json_;
        return text_.empty() ? text_ = render_text_line(entry_, text_memory_) : text_;
    }

private:
    const LogEntry& entry_;
    std::string_view text_;
    std::string_view json_;
    LogLineMemory text_memory_;
    LogLineMemory json_memory_;
};

void write_to(const LogSink* sink, Level level, std::string_view line) noexcept {
    if (sink != nullptr && sink->syslog) {
        line.remove_suffix(1);  // a datagram needs no line end
        (void)send_to_syslog(sink->file, *sink->syslog, static_cast<unsigned>(level) - 1, line);
        return;
    }
    const int descriptor = sink != nullptr && sink->file ? sink->file.get() : STDERR_FILENO;
    [[maybe_unused]] const ssize_t count = ::write(descriptor, line.data(), line.size());
}

}  // namespace

std::uint64_t LogSink::next_number() noexcept {
    static std::atomic<std::uint64_t> last{0};  // a worker builds its next site on a helper thread
    return ++last;
}

std::optional<Level> parse_level(std::string_view name) noexcept {
    for (auto level = Level::emerg; level <= Level::debug; level = static_cast<Level>(static_cast<unsigned char>(level) + 1)) {
        if (level_name(level) == name) return level;
    }
    return std::nullopt;
}

Result<std::shared_ptr<LogSink>> open_sink(const LogPlace& place) {
    auto sink = std::make_shared<LogSink>();
    sink->path = place.path;
    sink->syslog = place.syslog;
    if (place.path == "stderr") return sink;
    auto file = place.syslog ? open_syslog(*place.syslog) : sys::open_for_appending(place.path.c_str());
    if (!file) return std::unexpected{file.error()};
    sink->file = std::move(*file);
    return sink;
}

void Log::add(std::shared_ptr<LogSink> sink, Level level, LogForm form) {
    most_verbose_ = targets_.empty() ? level : std::max(most_verbose_, level);
    targets_.push_back({std::move(sink), level, form});
}

void Log::write(const LogEntry& entry, bool whatever_level) const {
    if (!whatever_level && !takes(entry.level)) return;
    // What the caller is about to do with errno is none of the log's business.
    const int saved_errno = errno;
    Lines lines{entry};
    if (targets_.empty()) write_to(nullptr, entry.level, lines.in(LogForm::text));
    for (const Target& target : targets_) {
        if (whatever_level || entry.level <= target.level) write_to(target.sink.get(), entry.level, lines.in(target.form));
    }
    errno = saved_errno;
}

}  // namespace webserv::observe
