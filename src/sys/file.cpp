// sys/file.cpp: stat, open, read, write and mmap with their errors as values.
// Interrupted calls are repeated here, so that nobody above has to think of EINTR.
#include "sys/file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <utility>

namespace webserv::sys {

namespace {

FileStatus convert(const struct stat& raw) {
    FileStatus status;
    status.device = raw.st_dev;
    status.inode = raw.st_ino;
    status.size = static_cast<std::uint64_t>(raw.st_size);
    status.modified_seconds = raw.st_mtim.tv_sec;
    status.modified_nanoseconds = raw.st_mtim.tv_nsec;
    status.mode = raw.st_mode;
    return status;
}

Result<Fd> open_file(const char* path, int flags, mode_t mode = 0) {
    // O_NONBLOCK: a FIFO without a partner hangs nobody; regular files do not care.
    Fd file{::open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, mode)};
    if (!file) return failed("open");
    return file;
}

/// Whether to repeat a read or write that has just failed: it was interrupted, or a pipe was not ready and is now.
bool worth_repeating(const Fd& file, short events) {
    if (errno == EINTR) return true;
    if (errno != EAGAIN) return false;
    pollfd wait{file.get(), events, 0};
    return ::poll(&wait, 1, -1) >= 0 || errno == EINTR;
}

}  // namespace

Result<FileStatus> status_of(const char* path) {
    struct stat raw{};
    if (::stat(path, &raw) < 0) return failed("stat");
    return convert(raw);
}

Result<FileStatus> status_of(const Fd& file) {
    struct stat raw{};
    if (::fstat(file.get(), &raw) < 0) return failed("fstat");
    return convert(raw);
}

Result<std::string> real_path(const std::string& path) {
    char resolved[PATH_MAX];
    if (::realpath(path.c_str(), resolved) == nullptr) return failed("realpath");
    return resolved;
}

Result<FileStatus> status_of(int folder, const char* name, bool follows_links) {
    struct stat raw{};
    if (::fstatat(folder, name, &raw, follows_links ? 0 : AT_SYMLINK_NOFOLLOW) < 0) return failed("fstatat");
    return convert(raw);
}

Result<Fd> open_for_reading(const char* path) { return open_file(path, O_RDONLY); }

Result<Fd> open_for_appending(const char* path) { return open_file(path, O_WRONLY | O_APPEND | O_CREAT, 0644); }

Result<Fd> create_or_truncate(const char* path) { return open_file(path, O_WRONLY | O_TRUNC | O_CREAT, 0644); }

Result<std::string> read_whole(const char* path, std::size_t bytes_max) {
    const auto file = open_for_reading(path);
    if (!file) return std::unexpected{file.error()};
    const auto status = status_of(*file);
    if (!status) return std::unexpected{status.error()};

    // The status is only a hint: /proc says 0, and a file may grow. One octet more than the limit tells "too large".
    constexpr std::size_t first_guess = 4096;
    std::string bytes(std::min(bytes_max, std::max<std::size_t>(status->size, first_guess)) + 1, '\0');
    std::size_t used = 0;
    for (;;) {
        const ssize_t count = ::read(file->get(), bytes.data() + used, bytes.size() - used);
        if (count < 0 && worth_repeating(*file, POLLIN)) continue;
        if (count < 0) return failed("read");
        if (count == 0) break;
        used += static_cast<std::size_t>(count);
        if (used > bytes_max) return std::unexpected{Error{std::errc::file_too_large, Blame::ourselves, "read"}};
        if (used == bytes.size()) bytes.resize(std::min(bytes_max, 2 * used) + 1);
    }
    bytes.resize(used);
    return bytes;
}

Result<std::size_t> read_at(const Fd& file, std::span<char> into, std::uint64_t offset) {
    for (;;) {
        const ssize_t count = ::pread(file.get(), into.data(), into.size(), static_cast<off_t>(offset));
        if (count >= 0) return static_cast<std::size_t>(count);
        if (errno != EINTR) return failed("pread");
    }
}

Result<std::size_t> read_cached_at(const Fd& file, std::span<char> into, std::uint64_t offset) {
    const iovec part{into.data(), into.size()};
    for (;;) {
        const ssize_t count = ::preadv2(file.get(), &part, 1, static_cast<off_t>(offset), RWF_NOWAIT);
        if (count >= 0) return static_cast<std::size_t>(count);
        if (errno == EOPNOTSUPP) errno = EAGAIN;
        if (errno != EINTR) return failed("preadv2");
    }
}

bool is_cached(const Fd& file, std::uint64_t offset, std::uint64_t length) {
    constexpr std::uint64_t stride = 64U << 10;
    char octet = 0;
    for (std::uint64_t at = offset; at < offset + length; at += stride) {
        if (!read_cached_at(file, {&octet, 1}, at)) return false;
    }
    return length == 0 || read_cached_at(file, {&octet, 1}, offset + length - 1).has_value();
}

Result<> read_into_cache(const Fd& file, std::uint64_t offset, std::uint64_t length) {
    constexpr std::size_t portion = 64U << 10;
    char scratch[portion];
    const std::uint64_t end = offset + length;
    while (offset < end) {
        const auto count = read_at(file, {scratch, std::min<std::uint64_t>(portion, end - offset)}, offset);
        if (!count) return std::unexpected{count.error()};
        if (*count == 0) return {};
        offset += *count;
    }
    (void)::posix_fadvise(file.get(), static_cast<off_t>(end), static_cast<off_t>(length), POSIX_FADV_WILLNEED);  // only a hint
    return {};
}

Result<Fd> reopen_direct(const Fd& file) {
    const std::string path = "/proc/self/fd/" + std::to_string(file.get());
    return open_file(path.c_str(), O_RDONLY | O_DIRECT);
}

Result<> write_all(const Fd& file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(file.get(), bytes.data(), bytes.size());
        if (count < 0 && worth_repeating(file, POLLOUT)) continue;
        if (count < 0) return failed("write");
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

Result<Mapping> Mapping::of(const Fd& file, std::size_t bytes) {
    if (bytes == 0) return Mapping{nullptr, 0};  // mmap(2) refuses a length of 0
    void* const address = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file.get(), 0);
    if (address == MAP_FAILED) return failed("mmap");
    return Mapping{address, bytes};
}

Mapping::Mapping(Mapping&& other) noexcept : address_{std::exchange(other.address_, nullptr)}, size_{std::exchange(other.size_, 0)} {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
    std::swap(address_, other.address_);
    std::swap(size_, other.size_);
    return *this;
}

Mapping::~Mapping() {
    if (address_ != nullptr) ::munmap(address_, size_);
}

}  // namespace webserv::sys
