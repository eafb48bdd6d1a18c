// server/file_response.cpp: which source gives a file's octets.
// A mapping for small files: they leave in one write with the head.
#include "server/file_response.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "server/answers.hpp"

namespace webserv::server {
namespace {

/// A file's octets through memory, for `sendfile off`.
class ReadingSource final : public io::Source {
public:
    ReadingSource(const sys::Fd& file, io::FileSlice slice, Arena& arena) noexcept
        : file_{file}, start_{slice.offset}, slice_{slice}, arena_{arena} {}
    [[nodiscard]] std::optional<std::uint64_t> length() const override { return slice_.length; }
    [[nodiscard]] bool narrow(std::uint64_t offset, std::uint64_t count) override {
        slice_ = {.offset = start_ + offset, .length = count};
        return true;
    }

    Task<Result<io::Piece>> next(std::uint64_t bytes_max) override {
        if (slice_.length == 0) co_return io::Piece{};
        if (buffer_ == nullptr) buffer_ = arena_.take(buffer_bytes);
        const std::uint64_t wanted = std::min({bytes_max, slice_.length, std::uint64_t{buffer_bytes}});
        const ssize_t count = ::pread(file_.get(), buffer_, wanted, static_cast<off_t>(slice_.offset));
        if (count < 0) co_return failed("pread");
        slice_.offset += static_cast<std::uint64_t>(count);
        slice_.length -= static_cast<std::uint64_t>(count);
        if (count == 0) slice_.length = 0;  // truncated: ends early, which the writer notices
        co_return io::Piece{.bytes = {buffer_, static_cast<std::size_t>(count)}, .file = nullptr, .slice = {}};
    }

private:
    static constexpr std::size_t buffer_bytes = 32U << 10;  // nginx's output_buffers
    const sys::Fd& file_;
    std::uint64_t start_;
    io::FileSlice slice_;
    Arena& arena_;
    char* buffer_ = nullptr;
};

io::Source* content_of(Exchange& exchange, const OpenFile& file) {
    if (file.status.size == 0) return nullptr;
    if (file.mapping) return &exchange.make<io::MemorySource>(file.mapping->bytes());
    const io::FileSlice whole{.offset = 0, .length = file.status.size};
    if (!exchange.core().sendfile) return &exchange.make<ReadingSource>(file.descriptor, whole, exchange.arena);
    exchange.sends_file = true;
    return &exchange.make<io::FileSource>(file.descriptor, whole);
}

}  // namespace

void respond_with_file(Exchange& exchange, std::shared_ptr<const OpenFile> opened) {
    const OpenFile& file = *exchange.make<std::shared_ptr<const OpenFile>>(std::move(opened));
    http::Response& response = exchange.response;
    response.status = 200;
    response.content_type = content_type_of(exchange);
    response.content_length = file.status.size;
    response.last_modified = file.status.modified_seconds;
    response.etag = file.entity_tag();
    exchange.content = content_of(exchange, file);
}

}  // namespace webserv::server
