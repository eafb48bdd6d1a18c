// sys/file.hpp: files as the server meets them: opened, stated, read whole, mapped, created as temporary.
// Everything is close-on-exec from birth.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace webserv::sys {

/// What stat(2) said about a file, as much as the server needs.
struct FileStatus {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;             ///< octets
    std::int64_t modified_seconds = 0;  ///< since the epoch
    std::int64_t modified_nanoseconds = 0;
    std::uint32_t mode = 0;

    [[nodiscard]] bool is_regular() const noexcept { return S_ISREG(mode); }
    [[nodiscard]] bool is_directory() const noexcept { return S_ISDIR(mode); }
    bool operator==(const FileStatus&) const = default;
};

/// stat(2). Errors: no_such_file_or_directory, not_a_directory, permission_denied, filename_too_long, ...
[[nodiscard]] Result<FileStatus> status_of(const char* path);
/// fstat(2).
[[nodiscard]] Result<FileStatus> status_of(const Fd& file);
/// fstatat(2): of a name within an open folder; a symbolic link is followed, or looked at itself.
[[nodiscard]] Result<FileStatus> status_of(int folder, const char* name, bool follows_links);

/// The path without symbolic links and dot segments. realpath(3).
[[nodiscard]] Result<std::string> real_path(const std::string& path);

/// Opens for reading: non-blocking (a FIFO hangs nobody), close-on-exec. open(2).
[[nodiscard]] Result<Fd> open_for_reading(const char* path);

/// Opens for appending, created with mode 0644 if missing. For logs: a FIFO without a reader is an error, not a wait.
[[nodiscard]] Result<Fd> open_for_appending(const char* path);

/// Opens for writing from the start, created with mode 0644 if missing, emptied otherwise. For pid files.
[[nodiscard]] Result<Fd> create_or_truncate(const char* path);

/// The whole file (or pipe, until its writers have closed it). Errors also: file_too_large beyond `bytes_max`.
[[nodiscard]] Result<std::string> read_whole(const char* path, std::size_t bytes_max = 64U << 20);

/// Octets from `offset` on into `into`; 0: the file ends there. pread(2).
[[nodiscard]] Result<std::size_t> read_at(const Fd& file, std::span<char> into, std::uint64_t offset);
/// The same as far as it does not wait for a disk. preadv2(2), RWF_NOWAIT.
/// Errors: operation_would_block (nothing of it is in the page cache, or the file system cannot tell); as read_at().
[[nodiscard]] Result<std::size_t> read_cached_at(const Fd& file, std::span<char> into, std::uint64_t offset);
/// Whether these octets are in the page cache, as far as samples can tell: one in 64 KiB, for pages come and go in groups.
[[nodiscard]] bool is_cached(const Fd& file, std::uint64_t offset, std::uint64_t length);
/// Waits until these octets are in the page cache, and has the kernel begin with those that follow. Errors: as read_at().
[[nodiscard]] Result<> read_into_cache(const Fd& file, std::uint64_t offset, std::uint64_t length);
/// The same file once more, to be read past the page cache: with offsets, lengths and memory that are aligned. open(2), O_DIRECT.
/// Errors: invalid_argument (the file system has no such reading), those of open(2).
[[nodiscard]] Result<Fd> reopen_direct(const Fd& file);

/// Writes all of `bytes`, waiting as long as it takes. write(2). Errors: no_space_on_device, ...
[[nodiscard]] Result<> write_all(const Fd& file, std::string_view bytes);

/// Octets of a file, shared with the page cache: a change of the file is seen at once, never a stale copy.
/// Only the kernel may read the bytes (writev): a truncated file is EFAULT to it, but SIGBUS to us.
class Mapping {
public:
    [[nodiscard]] static Result<Mapping> of(const Fd& file, std::size_t bytes);
    Mapping(Mapping&& other) noexcept;
    Mapping& operator=(Mapping&& other) noexcept;
    ~Mapping();
    [[nodiscard]] std::string_view bytes() const noexcept { return {static_cast<const char*>(address_), size_}; }

private:
    Mapping(void* address, std::size_t bytes) noexcept : address_{address}, size_{bytes} {}
    void* address_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace webserv::sys
