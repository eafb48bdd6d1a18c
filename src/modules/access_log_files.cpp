// modules/access_log_files.cpp: open, append, close; or the descriptor that is still open.
// A name is looked at again after `valid`: a log that was rotated away gets no lines for longer than that.
#include "modules/access_log_files.hpp"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "sys/file.hpp"

namespace webserv::modules {
namespace {

Result<> write_line(const sys::Fd& file, std::string_view line) {
    ssize_t count = 0;
    do {
        count = ::write(file.get(), line.data(), line.size());
    } while (count < 0 && errno == EINTR);
    if (count < 0) return failed("write");
    return {};
}

/// Whether `path` still names the file that is open.
bool is_named(const std::string& path, const sys::Fd& file) {
    const auto by_name = sys::status_of(path.c_str());
    const auto opened = sys::status_of(file);
    return by_name && opened && by_name->device == opened->device && by_name->inode == opened->inode;
}

}  // namespace

Result<> AccessLogFiles::append(std::string_view path, std::string_view line, io::TimePoint now, unsigned reopenings) {
    if (std::exchange(reopenings_, reopenings) != reopenings) {
        by_path_.clear();
        recent_.clear();
    }
    if (options_.max == 0) {
        const auto file = sys::open_for_appending(std::string{path}.c_str());
        if (!file) return std::unexpected{file.error()};
        return write_line(*file, line);
    }
    Entry& entry = entry_of(path, now);
    if (entry.file && now - entry.checked >= options_.valid) {
        if (!is_named(entry.path, entry.file)) entry.file.reset();
        entry.checked = now;
    }
    if (!entry.file) {
        auto file = sys::open_for_appending(entry.path.c_str());
        if (!file) return std::unexpected{file.error()};
        entry.file = std::move(*file);
        entry.checked = now;
    }
    auto written = write_line(entry.file, line);
    if (entry.uses < options_.min_uses) entry.file.reset();
    return written;
}

AccessLogFiles::Entry& AccessLogFiles::entry_of(std::string_view path, io::TimePoint now) {
    while (!recent_.empty() && now - recent_.back().used >= options_.inactive) forget_last();
    if (const auto known = by_path_.find(path); known != by_path_.end()) {
        recent_.splice(recent_.begin(), recent_, known->second);
    } else {
        if (recent_.size() >= options_.max) forget_last();
        recent_.push_front({.path = std::string{path}, .file = sys::Fd{}});
        by_path_.emplace(recent_.front().path, recent_.begin());
    }
    Entry& entry = recent_.front();
    entry.used = now;
    ++entry.uses;
    return entry;
}

void AccessLogFiles::forget_last() {
    by_path_.erase(recent_.back().path);
    recent_.pop_back();
}

}  // namespace webserv::modules
