// sys/file_watch.cpp: inotify_init1, inotify_add_watch, inotify_rm_watch, and the reading of events.
// Which file systems count as local is a list of those known to be: a new one is asked the slow way until somebody adds it.
#include "sys/file_watch.hpp"

#include <linux/magic.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <iterator>

namespace webserv::sys {
namespace {

constexpr std::uint32_t going = IN_DELETE_SELF | IN_MOVE_SELF;
constexpr std::uint32_t of_folders = going | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR;
// The end of writing counts as well: that is when a mapping that was written to has gone.
constexpr std::uint32_t of_files = going | IN_ATTRIB | IN_MODIFY | IN_CLOSE_WRITE;

constexpr std::uint32_t xfs_magic = 0x58465342;
constexpr std::uint32_t zfs_magic = 0x2fc12fc1;
constexpr std::uint32_t bcachefs_magic = 0xca451a4e;

Result<int> add(const Fd& descriptor, const char* path, std::uint32_t what) {
    const int watch = ::inotify_add_watch(descriptor.get(), path, what | IN_DONT_FOLLOW);
    if (watch < 0) return failed("inotify_add_watch");
    return watch;
}

}  // namespace

Result<FileWatch> FileWatch::create() {
    Fd descriptor{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
    if (!descriptor) return failed("inotify_init1");
    return FileWatch{std::move(descriptor)};
}

Result<int> FileWatch::add_folder(const char* path) { return add(descriptor_, path, of_folders); }

Result<int> FileWatch::add_file(const char* path) { return add(descriptor_, path, of_files); }

void FileWatch::remove(int watch) noexcept {
    ::inotify_rm_watch(descriptor_.get(), watch);  // it fails for one that has ended by itself, which is as good
}

const FileWatch::Changes& FileWatch::take() {
    changes_.changes.clear();
    changes_.lost = false;
    const ssize_t count = ::read(descriptor_.get(), buffer_.data(), buffer_.size());
    for (std::size_t at = 0; count > 0 && at < static_cast<std::size_t>(count);) {
        inotify_event event;
        std::memcpy(&event, buffer_.data() + at, sizeof event);
        const char* const name = buffer_.data() + at + sizeof event;
        changes_.changes.push_back({event.wd, {name, ::strnlen(name, event.len)}});
        if ((event.mask & IN_Q_OVERFLOW) != 0) changes_.lost = true;
        at += sizeof event + event.len;
    }
    return changes_;
}

bool is_on_local_file_system(const char* path) noexcept {
    static constexpr std::uint32_t local[] = {
        EXT4_SUPER_MAGIC,      xfs_magic, BTRFS_SUPER_MAGIC, TMPFS_MAGIC,          RAMFS_MAGIC,       F2FS_SUPER_MAGIC,
        OVERLAYFS_SUPER_MAGIC, zfs_magic, SQUASHFS_MAGIC,    EROFS_SUPER_MAGIC_V1, ISOFS_SUPER_MAGIC, bcachefs_magic,
    };
    struct statfs about;
    if (::statfs(path, &about) != 0) return false;
    return std::find(std::begin(local), std::end(local), static_cast<std::uint32_t>(about.f_type)) != std::end(local);
}

}  // namespace webserv::sys
