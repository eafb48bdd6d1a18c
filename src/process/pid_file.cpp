// process/pid_file.cpp: writing, reading and removing the pid file.
// Its content is not trusted: anybody may have written it.
#include "process/pid_file.hpp"

#include <unistd.h>

#include <limits>
#include <utility>

#include "base/text.hpp"
#include "sys/file.hpp"

namespace webserv::process {

Result<PidFile> PidFile::create(const std::string& path) {
    const auto file = sys::create_or_truncate(path.c_str());
    if (!file) return std::unexpected{file.error()};
    const pid_t process = ::getpid();
    if (const auto written = sys::write_all(*file, std::to_string(process) + "\n"); !written) return std::unexpected{written.error()};
    return PidFile{path, process};
}

PidFile::PidFile(PidFile&& other) noexcept : path_{std::move(other.path_)}, owner_{std::exchange(other.owner_, 0)} {}

PidFile::~PidFile() {
    if (owner_ != ::getpid()) return;
    // Another server may have been started with the same path meanwhile.
    const auto content = sys::read_whole(path_.c_str());
    if (content && parse_pid(*content) == owner_) ::unlink(path_.c_str());
}

Result<> PidFile::move_to(const std::string& path) {
    if (::rename(path_.c_str(), path.c_str()) < 0) return failed("rename");
    path_ = path;
    return {};
}

Result<> rewrite(std::optional<PidFile>& file, const std::string& path) {
    auto created = PidFile::create(path);
    if (!created) return std::unexpected{created.error()};
    file.reset();  // removes the old one
    file.emplace(std::move(*created));
    return {};
}

std::optional<pid_t> parse_pid(std::string_view content) noexcept {
    while (content.ends_with('\n') || content.ends_with('\r')) content.remove_suffix(1);
    const auto number = text::parse_decimal(content);
    // 0 and what would turn negative name process groups to kill(2).
    if (!number || *number == 0 || *number > static_cast<std::uint64_t>(std::numeric_limits<pid_t>::max())) return std::nullopt;
    return static_cast<pid_t>(*number);
}

}  // namespace webserv::process
