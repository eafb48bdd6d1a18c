// io/file_reading.hpp: the content of files that may lie on slow disks: read past the loop where reading would wait.
// What the page cache has is taken from it at once; only what it lacks costs a helper thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/arena.hpp"
#include "io/source.hpp"
#include "sys/fd.hpp"

namespace webserv::io {

class HelperThreads;
class Loop;

/// Where reads that wait for a disk happen. Without threads: on the loop, which stands still meanwhile.
struct ReadingPlace {
    Loop& loop;
    HelperThreads* threads = nullptr;

    /// Errors: resource_unavailable_try_again if as many reads wait as may.
    [[nodiscard]] Result<> has_room() const;
};

/// Slices for sendfile(2), each of them in the page cache before it is given.
class CachedFileSource final : public Source {
public:
    CachedFileSource(const sys::Fd& file, FileSlice slice, const ReadingPlace& place) noexcept
        : file_{file}, start_{slice.offset}, slice_{slice}, place_{place} {}
    [[nodiscard]] std::optional<std::uint64_t> length() const override { return slice_.length; }
    Task<Result<Piece>> next(std::uint64_t bytes_max) override;
    [[nodiscard]] std::optional<Piece> at_hand(std::uint64_t bytes_max) override;
    [[nodiscard]] bool narrow(std::uint64_t offset, std::uint64_t count) override;

private:
    [[nodiscard]] FileSlice portion(std::uint64_t bytes_max) const noexcept;
    [[nodiscard]] Piece give(FileSlice slice) noexcept;

    const sys::Fd& file_;
    std::uint64_t start_;
    FileSlice slice_;
    ReadingPlace place_;
};

/// A file's octets through memory.
class ReadFileSource final : public Source {
public:
    struct Options {
        std::size_t buffer_bytes = 0;  ///< read at a time
        std::size_t alignment = 0;     ///< of offsets, lengths and memory, for a file opened with O_DIRECT; 0: it is not
    };
    ReadFileSource(const sys::Fd& file, FileSlice slice, const Options& options, const ReadingPlace& place, Arena& arena) noexcept
        : file_{file}, whole_{slice}, slice_{slice}, options_{options}, place_{place}, arena_{arena} {}
    [[nodiscard]] std::optional<std::uint64_t> length() const override { return slice_.length; }
    Task<Result<Piece>> next(std::uint64_t bytes_max) override;
    [[nodiscard]] std::optional<Piece> at_hand(std::uint64_t bytes_max) override;
    [[nodiscard]] bool narrow(std::uint64_t offset, std::uint64_t count) override;

private:
    struct Portion {
        std::span<char> into;
        std::uint64_t offset = 0;  ///< in the file, as everything here
        std::uint64_t end = 0;     ///< of what was asked for
    };
    [[nodiscard]] Portion next_portion(std::uint64_t bytes_max);
    [[nodiscard]] Piece give(const Portion& portion, std::size_t count);
    void take_buffer();
    [[nodiscard]] std::optional<Result<std::size_t>> read_at_once(const Portion& portion) const;

    const sys::Fd& file_;
    FileSlice whole_;
    FileSlice slice_;
    bool gives_parts_ = false;  ///< it was narrowed more than once: other parts may be longer than the first
    bool narrowed_ = false;
    Options options_;
    ReadingPlace place_;
    Arena& arena_;
    char* buffer_ = nullptr;
    std::size_t buffer_bytes_ = 0;
};

}  // namespace webserv::io
