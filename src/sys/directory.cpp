// sys/directory.cpp: opendir, readdir and fstatat with their errors as values.
// Names are asked about relative to the open folder: it stays the same one, whatever is renamed meanwhile.
#include "sys/directory.hpp"

#include <fcntl.h>

#include <cerrno>
#include <utility>

namespace webserv::sys {

Result<Directory> Directory::open(const char* path) {
    DIR* const stream = ::opendir(path);  // close-on-exec, says its manual page
    if (stream == nullptr) return failed("opendir");
    return Directory{stream};
}

Directory::Directory(Directory&& other) noexcept : stream_{std::exchange(other.stream_, nullptr)}, name_{std::exchange(other.name_, "")} {}

Directory& Directory::operator=(Directory&& other) noexcept {
    std::swap(stream_, other.stream_);
    std::swap(name_, other.name_);
    return *this;
}

Directory::~Directory() {
    if (stream_ != nullptr) ::closedir(stream_);
}

Result<std::optional<std::string_view>> Directory::next() {
    for (;;) {
        errno = 0;  // the end and a failure differ in this only
        const dirent* const entry = ::readdir(stream_);
        if (entry == nullptr) {
            if (errno != 0) return failed("readdir");
            return std::nullopt;
        }
        name_ = entry->d_name;
        const std::string_view name{name_};
        if (name != "." && name != "..") return name;
    }
}

Result<FileStatus> Directory::status() const {
    const int folder = ::dirfd(stream_);
    auto status = status_of(folder, name_, true);
    if (status ||
        (status.error().code != std::errc::no_such_file_or_directory && status.error().code != std::errc::too_many_symbolic_link_levels))
        return status;
    return status_of(folder, name_, false);
}

}  // namespace webserv::sys
