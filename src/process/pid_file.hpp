// process/pid_file.hpp: the file that holds the number of the master process, for scripts and for the -s option.
// nginx has the same file, so its tools work with it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace webserv::process {

/// The file as long as it is ours: written at the start, removed at the end.
class PidFile {
public:
    /// Writes this process's number to `path`. Errors: as open(2) and write(2).
    [[nodiscard]] static Result<PidFile> create(const std::string& path);
    PidFile(PidFile&& other) noexcept;
    PidFile& operator=(PidFile&&) = delete;
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// The file under another name, from now on ours there. rename(2).
    [[nodiscard]] Result<> move_to(const std::string& path);
    /// Only the process that wrote the file removes it, and only while its own number is still in it.
    ~PidFile();

private:
    PidFile(std::string path, pid_t owner) noexcept : path_{std::move(path)}, owner_{owner} {}
    std::string path_;
    pid_t owner_;
};

/// Writes one at another path, in place of the one that is there; that one stays if it can not be written. Errors: as create().
[[nodiscard]] Result<> rewrite(std::optional<PidFile>& file, const std::string& path);

/// What a pid file says: 1*DIGIT, perhaps with an end of line. Nothing: it is not the number of a process.
[[nodiscard]] std::optional<pid_t> parse_pid(std::string_view content) noexcept;

}  // namespace webserv::process
