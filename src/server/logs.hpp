// server/logs.hpp: the logs a site names: error logs opened and combined, access logs with a buffer in each worker.
// The master opens the files, so that workers need no right to.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "io/timers.hpp"
#include "observe/log.hpp"
#include "observe/metric.hpp"
#include "server/site.hpp"

namespace webserv::server {

/// Every log that is open, by path, as long as a site names it. Files are opened by the master; workers inherit or are handed them.
/// Sockets to syslog servers each process opens for itself.
class LogFiles {
public:
    using Sink = std::shared_ptr<observe::LogSink>;

    /// Opens it if no site has it open. Errors: those of open(2); without the right to open: no_such_file_or_directory.
    [[nodiscard]] Result<Sink> open(const observe::LogPlace& place);
    /// From now on only adopt() brings files: for workers, whose files the master opens.
    void open_no_more() noexcept { may_open_ = false; }
    /// Takes a file that was opened elsewhere; one that is known changes over to it, in all sites. Errors: those of dup3(2).
    [[nodiscard]] Result<Sink> adopt(const std::string& path, sys::Fd file);
    /// Opens every file anew by its name, as after a rotation. One that can not be opened stays as it was.
    /// @return nginx's messages about those
    [[nodiscard]] std::vector<std::string> reopen();
    /// The files that are in use; stderr and syslog servers are not among them.
    [[nodiscard]] std::vector<Sink> all() const;
    /// Everything that has a descriptor.
    [[nodiscard]] std::vector<Sink> open_now() const;

private:
    mutable std::mutex mutex_;  // a worker builds its next site on a helper thread
    std::map<std::string, std::weak_ptr<observe::LogSink>> open_;
    bool may_open_ = true;
};

/// Opens every log the site names and gives its locations their Log.
/// The error is nginx's message: `open() "PATH" failed (13: Permission denied)`.
[[nodiscard]] std::expected<void, std::string> open_logs(Site& site, LogFiles& files,
                                                         std::vector<std::shared_ptr<observe::LogSink>>& access_logs);

/// One access log in one worker: lines gather, and leave in one write at the end of the loop's turn, or later if the
/// configuration says `buffer=`; to a syslog server each leaves at once. Never blocks: what a full pipe does not take is dropped and
/// counted.
class AccessLog {
public:
    AccessLog(std::shared_ptr<observe::LogSink> sink, observe::WorkerMetrics& metrics) : sink_{std::move(sink)}, metrics_{metrics} {}

    /// What holds from the next line on; what has gathered leaves as it would have before.
    void configure(const AccessLogOptions& options);
    /// One line with its end.
    void append(std::string_view line, io::TimePoint now);
    /// Writes what is due: everything, or only what no `buffer=` holds back.
    void flush(io::TimePoint now, bool everything);
    [[nodiscard]] bool empty() const noexcept { return buffer_.empty(); }
    [[nodiscard]] io::Deadline due() const noexcept { return due_; }
    [[nodiscard]] const std::shared_ptr<observe::LogSink>& sink() const noexcept { return sink_; }
    /// A write that has failed, to be told about; at most one a minute, as in nginx.
    [[nodiscard]] std::optional<Error> take_failure() noexcept { return std::exchange(failure_, std::nullopt); }

private:
    void write(std::string_view bytes, std::int64_t lines, io::TimePoint now);
    void lose(const Error& why, std::int64_t lines, io::TimePoint now);

    std::shared_ptr<observe::LogSink> sink_;
    observe::WorkerMetrics& metrics_;
    AccessLogOptions options_{};
    std::string buffer_;
    io::Deadline due_ = io::never;
    std::optional<Error> failure_;
    io::TimePoint next_complaint_{};
};

}  // namespace webserv::server
