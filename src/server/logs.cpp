// server/logs.cpp: opening logs, and writing the gathered lines of access logs.
// Errors are written at once by observe::Log; access lines gather here.
#include "server/logs.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <expected>

#include "http/content_coding.hpp"

namespace webserv::server {
namespace {

// Lines are written at the latest when this much has gathered in one turn of the loop.
constexpr std::size_t gathered_bytes_max = 64U << 10;

// A log that can not be written is told about this often, however many lines it loses.
constexpr std::chrono::minutes between_complaints{1};

using Opened = std::expected<std::shared_ptr<const observe::Log>, std::string>;

std::string cannot_open(const std::string& path, const Error& error) {
    return fmt::format("{}() \"{}\" failed {}", error.doing, path, describe_errno(static_cast<int>(error.code)));
}

// One Log for each different error_log list: locations that inherit share it.
class LogMaker {
public:
    explicit LogMaker(LogFiles& files) : files_{files} {}

    Opened make(const config::SettingsTable& settings) {
        const auto& targets = settings.get<ErrorLogSettings>().targets;
        std::string key;
        for (const auto& target : targets) {
            key += fmt::format("{}\n{} {}\n", target.place.path, static_cast<int>(target.level), static_cast<int>(target.form));
        }
        if (const auto known = made_.find(key); known != made_.end()) return known->second;
        auto log = std::make_shared<observe::Log>();
        for (const auto& target : targets) {
            auto sink = files_.open(target.place);
            if (!sink) return std::unexpected{cannot_open(target.place.path, sink.error())};
            log->add(std::move(*sink), target.level, target.form);
        }
        return made_[key] = std::move(log);
    }

    std::expected<void, std::string> give(Location& location) {
        auto log = make(location.settings);
        if (!log) return std::unexpected{log.error()};
        location.log = std::move(*log);
        for (const auto& nested : location.nested.all()) {
            if (auto given = give(*nested); !given) return given;
        }
        return location.limited ? give(*location.limited) : std::expected<void, std::string>{};
    }

private:
    LogFiles& files_;
    std::map<std::string, std::shared_ptr<const observe::Log>> made_;
};

}  // namespace

Result<LogFiles::Sink> LogFiles::open(const observe::LogPlace& place) {
    const std::lock_guard lock{mutex_};
    if (auto known = open_[place.path].lock()) return known;
    if (!may_open_ && place.path != "stderr" && !place.syslog) {
        return std::unexpected{Error{.code = std::errc::no_such_file_or_directory, .doing = "open"}};
    }
    auto sink = observe::open_sink(place);
    if (sink) open_[place.path] = *sink;
    return sink;
}

Result<LogFiles::Sink> LogFiles::adopt(const std::string& path, sys::Fd file) {
    const std::lock_guard lock{mutex_};
    auto known = open_[path].lock();
    if (!known) {
        known = std::make_shared<observe::LogSink>(observe::LogSink{.path = path, .file = std::move(file)});
        open_[path] = known;
    } else if (::dup3(file.get(), known->file.get(), O_CLOEXEC) < 0) {
        return failed("dup3");
    }
    return known;
}

std::vector<std::string> LogFiles::reopen() {
    std::vector<std::string> problems;
    for (const Sink& sink : all()) {
        auto anew = observe::open_sink(sink->path);
        if (!anew) {
            problems.push_back(cannot_open(sink->path, anew.error()));
        } else if (::dup3((*anew)->file.get(), sink->file.get(), O_CLOEXEC) < 0) {
            problems.push_back(cannot_open(sink->path, failed("dup3").error()));
        }
    }
    return problems;
}

std::vector<LogFiles::Sink> LogFiles::all() const {
    std::vector<Sink> sinks = open_now();
    std::erase_if(sinks, [](const Sink& sink) { return sink->syslog != nullptr; });
    return sinks;
}

std::vector<LogFiles::Sink> LogFiles::open_now() const {
    const std::lock_guard lock{mutex_};
    std::vector<Sink> sinks;
    for (const auto& [path, weak] : open_) {
        if (auto sink = weak.lock(); sink && sink->file) sinks.push_back(std::move(sink));
    }
    return sinks;
}

std::expected<void, std::string> open_logs(Site& site, LogFiles& files, std::vector<std::shared_ptr<observe::LogSink>>& access_logs) {
    LogMaker maker{files};
    auto main_log = maker.make(site.main);
    if (!main_log) return std::unexpected{main_log.error()};
    site.log = std::move(*main_log);
    for (const auto& host : site.hosts) {
        if (auto given = maker.give(host->bare); !given) return given;
        for (const auto& location : host->locations.all()) {
            if (auto given = maker.give(*location); !given) return given;
        }
    }
    access_logs.clear();
    for (const Site::AccessLogFile& log : site.access_logs) {
        if (!log.used) {
            access_logs.push_back(nullptr);
            continue;
        }
        auto sink = files.open(log.place);
        if (!sink) return std::unexpected{cannot_open(log.place.path, sink.error())};
        access_logs.push_back(std::move(*sink));
    }
    return {};
}

void AccessLog::configure(const AccessLogOptions& options) {
    if (options == options_) return;
    flush({}, true);
    options_ = options;
}

void AccessLog::append(std::string_view line, io::TimePoint now) {
    if (sink_->syslog) {
        const std::string_view message = line.substr(0, line.size() - 1);  // a datagram needs no line end
        const auto sent = observe::send_to_syslog(sink_->file, *sink_->syslog, sink_->syslog->severity, message);
        if (!sent) lose(sent.error(), 1, now);
        return;
    }
    const bool keeps = options_.buffer_bytes > 0;
    const std::size_t limit = keeps ? options_.buffer_bytes : gathered_bytes_max;
    if (!buffer_.empty() && buffer_.size() + line.size() > limit) flush(now, true);
    if (buffer_.empty()) due_ = !keeps ? now : options_.flush.count() > 0 ? io::deadline_after(now, options_.flush) : io::never;
    buffer_ += line;
    if (buffer_.size() > limit) flush(now, true);  // a single line that is longer than the buffer
}

void AccessLog::flush(io::TimePoint now, bool everything) {
    if (buffer_.empty() || (!everything && now < due_)) return;
    if (options_.gzip_level > 0) {
        write(http::gzip_member(buffer_, options_.gzip_level), std::count(buffer_.begin(), buffer_.end(), '\n'), now);
    } else {
        write(buffer_, 0, now);
    }
    buffer_.clear();
    due_ = io::never;
}

// `lines`: how many are lost with them if not all of it can be written; 0: count those in what is left.
void AccessLog::write(std::string_view bytes, std::int64_t lines, io::TimePoint now) {
    const int number = sink_->file ? sink_->file.get() : STDERR_FILENO;
    while (!bytes.empty()) {
        const ssize_t written = ::write(number, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return lose(failed("write").error(), lines > 0 ? lines : std::count(bytes.begin(), bytes.end(), '\n'), now);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

void AccessLog::lose(const Error& why, std::int64_t lines, io::TimePoint now) {
    metrics_.add(observe::Counter::log_lines_dropped, lines);
    if (now < next_complaint_) return;
    next_complaint_ = now + between_complaints;
    failure_ = why;
}

}  // namespace webserv::server
