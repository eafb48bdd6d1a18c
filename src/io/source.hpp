// io/source.hpp: content, pulled piece by piece by whoever sends or stores it.
// Memory, a file's slice or a stream; filters wrap one source in another, and back-pressure is free.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "base/task.hpp"
#include "io/stream.hpp"

namespace webserv::io {

/// What next() gives: octets in memory, or a slice of an open file, or the end. Valid until the following next().
struct Piece {
    std::string_view bytes{};
    const sys::Fd* file = nullptr;
    FileSlice slice{};

    [[nodiscard]] bool is_end() const noexcept { return bytes.empty() && file == nullptr; }
};

class Source {
public:
    Source() = default;
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
    virtual ~Source() = default;

    /// Octets still to come, if that is known.
    [[nodiscard]] virtual std::optional<std::uint64_t> length() const = 0;
    /// At most `bytes_max` octets; is_end() when there are no more. Errors are final.
    virtual Task<Result<Piece>> next(std::uint64_t bytes_max) = 0;
    /// The same if it takes no waiting: saves the frame. Nothing: next() has to be asked.
    [[nodiscard]] virtual std::optional<Piece> at_hand(std::uint64_t /*bytes_max*/) { return std::nullopt; }
    /// Leaves only `count` octets from `offset` on, both within length(); before the first next().
    /// @return whether this source can do that; if not, nothing has changed
    [[nodiscard]] virtual bool narrow(std::uint64_t /*offset*/, std::uint64_t /*count*/) { return false; }
    /// The reader loses interest: releases what it can, and later calls of next() fail with operation_canceled.
    virtual void cancel() {}
};

/// Octets that outlive the source (an arena's, a literal, a mapping's).
class MemorySource final : public Source {
public:
    explicit MemorySource(std::string_view bytes) noexcept : bytes_{bytes} {}
    [[nodiscard]] std::optional<std::uint64_t> length() const override { return bytes_.size(); }
    Task<Result<Piece>> next(std::uint64_t bytes_max) override;
    [[nodiscard]] std::optional<Piece> at_hand(std::uint64_t bytes_max) override;
    [[nodiscard]] bool narrow(std::uint64_t offset, std::uint64_t count) override;
    void cancel() override { cancelled_ = true; }

private:
    std::string_view bytes_;
    bool cancelled_ = false;
};

/// A slice of a file that stays open as long as `file` lives.
class FileSource final : public Source {
public:
    FileSource(const sys::Fd& file, FileSlice slice) noexcept : file_{file}, slice_{slice} {}
    [[nodiscard]] std::optional<std::uint64_t> length() const override { return slice_.length; }
    Task<Result<Piece>> next(std::uint64_t bytes_max) override;
    [[nodiscard]] std::optional<Piece> at_hand(std::uint64_t bytes_max) override;
    [[nodiscard]] bool narrow(std::uint64_t offset, std::uint64_t count) override;
    void cancel() override { cancelled_ = true; }

private:
    const sys::Fd& file_;
    FileSlice slice_;
    bool cancelled_ = false;
};

}  // namespace webserv::io
