// modules/access_log_files.hpp: access logs whose path is different from request to request, and those kept open (open_log_file_cache).
// Part of access_log. Opened by the worker, as its user; the others are the master's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.hpp"
#include "io/timers.hpp"
#include "sys/fd.hpp"

namespace webserv::modules {

/// open_log_file_cache; lives as long as its site.
class AccessLogFiles {
public:
    struct Options {
        std::size_t max = 0;                         ///< 0: none is kept open
        std::chrono::milliseconds inactive{10'000};  ///< one that is not used for so long is closed
        std::uint64_t min_uses = 1;                  ///< one that was used less often does not stay open
        std::chrono::milliseconds valid{60'000};     ///< how long a name is trusted to mean the same file
    };

    explicit AccessLogFiles(const Options& options) : options_{options} {}

    /// Appends a line to the file at `path`, which is created if it is missing. One write(2).
    /// @param reopenings  how often the worker was told to reopen its logs: then no file is trusted any more
    /// Errors: those of open(2) and write(2).
    [[nodiscard]] Result<> append(std::string_view path, std::string_view line, io::TimePoint now, unsigned reopenings);

    [[nodiscard]] std::size_t known_count() const noexcept { return recent_.size(); }

private:
    struct Entry {
        std::string path;
        sys::Fd file;  // empty: not used often enough yet
        std::uint64_t uses = 0;
        io::TimePoint used{};
        io::TimePoint checked{};  // when the name was last seen to mean this file
    };
    using Recent = std::list<Entry>;  // the one used last stands first
    [[nodiscard]] Entry& entry_of(std::string_view path, io::TimePoint now);
    void forget_last();

    Options options_;
    unsigned reopenings_ = 0;
    Recent recent_;
    std::unordered_map<std::string_view, Recent::iterator> by_path_;  // keys point into recent_
};

}  // namespace webserv::modules
