// io/source.cpp: content that is at hand: in memory, in an open file.
// Neither ever waits; sources that do belong to their protocols.
#include "io/source.hpp"

#include <algorithm>

namespace webserv::io {
namespace {

constexpr Error no_longer_wanted{.code = std::errc::operation_canceled, .doing = "read content"};

}  // namespace

Task<Result<Piece>> MemorySource::next(std::uint64_t bytes_max) {
    if (cancelled_) co_return std::unexpected{no_longer_wanted};
    const std::string_view bytes = bytes_.substr(0, std::min<std::uint64_t>(bytes_max, bytes_.size()));
    bytes_.remove_prefix(bytes.size());
    co_return Piece{.bytes = bytes};
}

Task<Result<Piece>> FileSource::next(std::uint64_t bytes_max) {
    if (cancelled_) co_return std::unexpected{no_longer_wanted};
    const FileSlice slice{.offset = slice_.offset, .length = std::min(bytes_max, slice_.length)};
    if (slice.length == 0) co_return Piece{};
    slice_.offset += slice.length;
    slice_.length -= slice.length;
    co_return Piece{.file = &file_, .slice = slice};
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
