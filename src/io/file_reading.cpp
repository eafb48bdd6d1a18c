// io/file_reading.cpp: ask the page cache, else a helper thread.
// Portions are bounded, so that pages are sent soon after they were read and a slow client does not outlive them in the cache.
#include "io/file_reading.hpp"

#include <algorithm>
#include <utility>

#include "io/offload.hpp"
#include "sys/file.hpp"

namespace webserv::io {
namespace {

// Large enough that a disk's latency is paid seldom, small enough to be sent before its pages are needed for something else.
constexpr std::uint64_t portion_bytes = 512U << 10;

}  // namespace

Result<> ReadingPlace::has_room() const {
    if (threads == nullptr || !threads->is_full()) return {};
    return std::unexpected{Error{.code = std::errc::resource_unavailable_try_again, .doing = "read file: thread pool queue overflow"}};
}

FileSlice CachedFileSource::portion(std::uint64_t bytes_max) const noexcept {
    return {.offset = slice_.offset, .length = std::min({bytes_max, slice_.length, portion_bytes})};
}

Piece CachedFileSource::give(FileSlice slice) noexcept {
    if (slice.length == 0) return {};
    slice_.offset += slice.length;
    slice_.length -= slice.length;
    return {.file = &file_, .slice = slice};
}

std::optional<Piece> CachedFileSource::at_hand(std::uint64_t bytes_max) {
    const FileSlice slice = portion(bytes_max);
    if (!sys::is_cached(file_, slice.offset, slice.length)) return std::nullopt;
    return give(slice);
}

Task<Result<Piece>> CachedFileSource::next(std::uint64_t bytes_max) {
    const FileSlice slice = portion(bytes_max);
    if (!sys::is_cached(file_, slice.offset, slice.length)) {
        if (const auto room = place_.has_room(); !room) co_return std::unexpected{room.error()};
        auto fetch = [this, slice] { return sys::read_into_cache(file_, slice.offset, slice.length); };
        const auto fetched = co_await offload(place_.loop, fetch, place_.threads);
        if (!fetched) co_return std::unexpected{fetched.error()};
    }
    co_return give(slice);
}

bool CachedFileSource::narrow(std::uint64_t offset, std::uint64_t count) {
    slice_ = {.offset = start_ + offset, .length = count};
    return true;
}

void ReadFileSource::take_buffer() {
    const std::size_t unit = std::max<std::size_t>(options_.alignment, 1);
    const std::uint64_t length = gives_parts_ ? whole_.length : slice_.length;
    const std::uint64_t useful = std::min<std::uint64_t>(options_.buffer_bytes, length + 2 * (unit - 1));
    buffer_bytes_ = std::max<std::uint64_t>(useful / unit, 1) * unit;
    buffer_ = arena_.take(buffer_bytes_, unit);
}

// Nothing: the disk has to be waited for.
std::optional<Result<std::size_t>> ReadFileSource::read_at_once(const Portion& portion) const {
    if (place_.threads == nullptr) return sys::read_at(file_, portion.into, portion.offset);
    if (options_.alignment != 0) return std::nullopt;
    const auto cached = sys::read_cached_at(file_, portion.into, portion.offset);
    if (!cached && cached.error().code == std::errc::resource_unavailable_try_again) return std::nullopt;
    return cached;
}

ReadFileSource::Portion ReadFileSource::next_portion(std::uint64_t bytes_max) {
    if (buffer_ == nullptr) take_buffer();
    const std::uint64_t unit = std::max<std::uint64_t>(options_.alignment, 1);
    const std::uint64_t begin = slice_.offset / unit * unit;  // reading begins at a multiple
    const std::uint64_t end = slice_.offset + std::min(bytes_max, slice_.length);
    const std::uint64_t wanted = std::min<std::uint64_t>((end - begin + unit - 1) / unit * unit, buffer_bytes_);
    return {.into = {buffer_, wanted}, .offset = begin, .end = end};
}

Piece ReadFileSource::give(const Portion& portion, std::size_t count) {
    const std::uint64_t read_to = std::min(portion.offset + count, portion.end);
    if (read_to <= slice_.offset) {
        slice_.length = 0;  // truncated: ends early, which the writer notices
        return {};
    }
    const std::string_view bytes{buffer_ + (slice_.offset - portion.offset), read_to - slice_.offset};
    slice_.offset += bytes.size();
    slice_.length -= bytes.size();
    return {.bytes = bytes};
}

std::optional<Piece> ReadFileSource::at_hand(std::uint64_t bytes_max) {
    if (slice_.length == 0) return Piece{};
    const Portion portion = next_portion(bytes_max);
    const auto count = read_at_once(portion);
    if (!count || !*count) return std::nullopt;  // next() meets the error again, and can tell it
    return give(portion, **count);
}

Task<Result<Piece>> ReadFileSource::next(std::uint64_t bytes_max) {
    if (slice_.length == 0) co_return Piece{};
    const Portion portion = next_portion(bytes_max);
    std::optional<Result<std::size_t>> count = read_at_once(portion);
    if (!count) {
        if (const auto room = place_.has_room(); !room) co_return std::unexpected{room.error()};
        auto fetch = [this, portion] { return sys::read_at(file_, portion.into, portion.offset); };
        const auto fetched = co_await offload(place_.loop, fetch, place_.threads);
        count = fetched;
    }
    if (!*count) co_return std::unexpected{count->error()};
    co_return give(portion, **count);
}

bool ReadFileSource::narrow(std::uint64_t offset, std::uint64_t count) {
    gives_parts_ = std::exchange(narrowed_, true);
    slice_ = {.offset = whole_.offset + offset, .length = count};
    return true;
}

}  // namespace webserv::io
