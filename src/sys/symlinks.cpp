// sys/symlinks.cpp: the walk from folder to folder, each held by a descriptor that can do nothing but be walked from (O_PATH).
// The owners are compared on the descriptor and on the name within its folder, not on paths.
#include "sys/symlinks.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>
#include <utility>

namespace webserv::sys {
namespace {

constexpr int common_flags = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
constexpr int folder_flags = O_PATH | O_DIRECTORY | common_flags;
constexpr int file_flags = O_RDONLY | common_flags;

Result<Fd> open_in(int folder, const std::string& name, int flags) {
    Fd file{::openat(folder, name.c_str(), flags)};
    if (!file) return failed("openat");
    return file;
}

/// Follows `name` if it is a link, but only to what belongs to the link's owner.
Result<Fd> open_owned(int folder, const std::string& name, int flags) {
    auto file = open_in(folder, name, flags);
    if (!file) return file;
    struct stat link{};
    struct stat opened{};
    if (::fstatat(folder, name.c_str(), &link, AT_SYMLINK_NOFOLLOW) < 0) return failed("fstatat");
    if (::fstat(file->get(), &opened) < 0) return failed("fstat");
    if (link.st_uid == opened.st_uid) return file;
    return std::unexpected{Error{.code = std::errc::too_many_symbolic_link_levels, .doing = "openat"}};
}

Result<Fd> open_step(int folder, const std::string& name, int flags, SymlinkRule rule) {
    return rule == SymlinkRule::same_owner ? open_owned(folder, name, flags) : open_in(folder, name, flags | O_NOFOLLOW);
}

Result<Fd> walk(std::string_view path, SymlinkRule rule, std::size_t trusted, int last_flags) {
    if (rule == SymlinkRule::follow) return open_in(AT_FDCWD, std::string{path}, last_flags);
    Fd folder;
    if (trusted > 0 || path.starts_with('/')) {
        auto first = open_in(AT_FDCWD, trusted > 0 ? std::string{path.substr(0, trusted)} : "/", folder_flags);
        if (!first) return first;
        folder = std::move(*first);
        path.remove_prefix(trusted);
    }
    const auto here = [&] { return folder ? folder.get() : AT_FDCWD; };
    for (;;) {
        path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
        const auto slash = path.find('/');
        if (slash == path.npos) break;
        auto next = open_step(here(), std::string{path.substr(0, slash)}, folder_flags, rule);
        if (!next) return next;
        folder = std::move(*next);
        path.remove_prefix(slash);
    }
    if (path.empty()) return open_in(here(), ".", last_flags);  // a trailing slash: the folder itself
    return open_step(here(), std::string{path}, last_flags, rule);
}

}  // namespace

Result<Fd> open_for_reading(std::string_view path, SymlinkRule rule, std::size_t trusted) { return walk(path, rule, trusted, file_flags); }

Result<FileStatus> status_of(std::string_view path, SymlinkRule rule, std::size_t trusted) {
    const auto found = walk(path, rule, trusted, O_PATH | common_flags);
    if (!found) return std::unexpected{found.error()};
    auto status = status_of(*found);
    // O_PATH opens a link that is not to be followed, where O_RDONLY fails.
    if (status && S_ISLNK(status->mode)) return std::unexpected{Error{.code = std::errc::too_many_symbolic_link_levels, .doing = "openat"}};
    return status;
}

}  // namespace webserv::sys
