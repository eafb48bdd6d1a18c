// sys/file_watch.hpp: inotify(7) as a value: watch folders and files, then ask what has happened to them.
// It tells nothing of network file systems, of mounts, and of writes through a shared mapping; its users have to know.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace webserv::sys {

/// Something that happened to a watched folder or file.
struct FileChange {
    int watch = -1;         ///< as add_*() has returned it
    std::string_view name;  ///< of the entry of the folder; empty: the watched thing itself
};

class FileWatch {
public:
    /// inotify_init1(2). Errors: too_many_files_open (a user may have few of them).
    [[nodiscard]] static Result<FileWatch> create();

    /// Entries that come, go, or change their attributes, and the folder's own going. inotify_add_watch(2); the same number for
    /// the same folder. Errors: no_space_on_device (a user's watches are used up), permission_denied (it needs to be readable), ...
    [[nodiscard]] Result<int> add_folder(const char* path);
    /// Writes, attributes, and the file's own going. A symbolic link as the last component is an error.
    [[nodiscard]] Result<int> add_file(const char* path);
    void remove(int watch) noexcept;
    /// Readable as long as there is something to take().
    [[nodiscard]] const Fd& descriptor() const noexcept { return descriptor_; }

    struct Changes {
        std::vector<FileChange> changes;  ///< valid until the next call
        bool lost = false;                ///< there were more than the kernel keeps: anything may have happened
    };
    /// What has happened since the last call, in order; a part of it if it is much, nothing if there is nothing more. Does not wait.
    [[nodiscard]] const Changes& take();

private:
    explicit FileWatch(Fd descriptor) : descriptor_{std::move(descriptor)}, buffer_(buffer_bytes) {}

    static constexpr std::size_t buffer_bytes = 16U << 10;
    Fd descriptor_;
    std::vector<char> buffer_;
    Changes changes_;
};

/// Whether a file system is this machine's own, so that inotify sees every change of its names and files. statfs(2).
[[nodiscard]] bool is_on_local_file_system(const char* path) noexcept;

}  // namespace webserv::sys
