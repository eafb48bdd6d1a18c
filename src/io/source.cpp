// io/source.cpp: content that is at hand: in memory, in an open file.
// Neither ever waits; sources that do belong to their protocols.
#include "io/source.hpp"

#include <algorithm>

namespace webserv::io {
namespace {

constexpr Error no_longer_wanted{.code = std::errc::operation_canceled, .doing = "read content"};

}  // namespace

std::optional<Piece> MemorySource::at_hand(std::uint64_t bytes_max) {
    if (cancelled_) return std::nullopt;
    const std::string_view bytes = bytes_.substr(0, std::min<std::uint64_t>(bytes_max, bytes_.size()));
    bytes_.remove_prefix(bytes.size());
    return Piece{.bytes = bytes};
}

Task<Result<Piece>> MemorySource::next(std::uint64_t bytes_max) {
    const auto piece = at_hand(bytes_max);
    return Task<Result<Piece>>::done(piece ? Result<Piece>{*piece} : std::unexpected{no_longer_wanted});
}

std::optional<Piece> FileSource::at_hand(std::uint64_t bytes_max) {
    if (cancelled_) return std::nullopt;
    const FileSlice slice{.offset = slice_.offset, .length = std::min(bytes_max, slice_.length)};
    if (slice.length == 0) return Piece{};
    slice_.offset += slice.length;
    slice_.length -= slice.length;
    return Piece{.file = &file_, .slice = slice};
}

Task<Result<Piece>> FileSource::next(std::uint64_t bytes_max) {
    const auto piece = at_hand(bytes_max);
    return Task<Result<Piece>>::done(piece ? Result<Piece>{*piece} : std::unexpected{no_longer_wanted});
}

bool MemorySource::narrow(std::uint64_t offset, std::uint64_t count) {
    bytes_ = whole_.substr(offset, count);
    return true;
}

bool FileSource::narrow(std::uint64_t offset, std::uint64_t count) {
    slice_ = {.offset = start_ + offset, .length = count};
    return true;
}

}  // namespace webserv::io
