// sys/directory.hpp: the names in a folder, and what each of them is.
// Reading may take long: a folder has as many names as somebody has put there.
#pragma once

#include <dirent.h>

#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "sys/file.hpp"

namespace webserv::sys {

class Directory {
public:
    /// opendir(3). Errors: no_such_file_or_directory, not_a_directory, permission_denied, filename_too_long, ...
    [[nodiscard]] static Result<Directory> open(const char* path);
    Directory(Directory&& other) noexcept;
    Directory& operator=(Directory&& other) noexcept;
    ~Directory();

    /// One name, valid until the next call; "." and ".." are left out. No value: that was all. readdir(3).
    [[nodiscard]] Result<std::optional<std::string_view>> next();
    /// What the name that next() gave last is; a symbolic link is what it leads to, or itself if that is nothing. fstatat(2).
    [[nodiscard]] Result<FileStatus> status() const;

private:
    explicit Directory(DIR* stream) noexcept : stream_{stream} {}

    DIR* stream_ = nullptr;
    const char* name_ = "";
};

}  // namespace webserv::sys
