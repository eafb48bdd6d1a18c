// server/logs.hpp: the logs a site names: error logs opened and combined, access logs with a buffer in each worker.
// The master opens the files, so that workers need no right to.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "io/timers.hpp"
#include "observe/log.hpp"
#include "observe/metric.hpp"
#include "server/site.hpp"

namespace webserv::server {

/// Every log file that is open, by path; shared by the sites that name it. Opened by the master, inherited by workers.
class LogFiles {
public:
    /// Opens it at the first call. Errors: those of open(2).
    [[nodiscard]] Result<std::shared_ptr<observe::LogSink>> open(const std::string& path);

private:
    std::map<std::string, std::shared_ptr<observe::LogSink>> open_;
};

/// Opens every log the site names and gives its locations their Log.
/// The error is nginx's message: `open() "PATH" failed (13: Permission denied)`.
[[nodiscard]] std::expected<void, std::string> open_logs(Site& site, LogFiles& files,
                                                         std::vector<std::shared_ptr<observe::LogSink>>& access_logs);

/// One access log in one worker: lines gather, and leave in one write at the end of the loop's turn, or later if the
/// configuration says `buffer=`. Never blocks: what a full pipe does not take is dropped and counted.
class AccessLog {
public:
    AccessLog(std::shared_ptr<observe::LogSink> sink, observe::WorkerMetrics& metrics) : sink_{std::move(sink)}, metrics_{metrics} {}

    /// @param keep  octets that may gather before they must be written; 0: until the end of this turn
    void append(std::string_view line, std::size_t keep, io::Deadline flush_by);
    /// Writes what is due: everything, or only what no `buffer=` holds back.
    void flush(io::TimePoint now, bool everything);
    [[nodiscard]] bool empty() const noexcept { return buffer_.empty(); }
    [[nodiscard]] io::Deadline due() const noexcept { return due_; }

private:
    std::shared_ptr<observe::LogSink> sink_;
    observe::WorkerMetrics& metrics_;
    std::string buffer_;
    io::Deadline due_ = io::never;
};

}  // namespace webserv::server
