// server/file_response.cpp: which source gives a file's octets.
// A mapping for small files: they leave in one write with the head.
#include "server/file_response.hpp"

#include <fmt/format.h>

#include <utility>

#include "io/file_reading.hpp"
#include "server/answers.hpp"
#include "server/worker.hpp"

namespace webserv::server {
namespace {

/// The same file, to be read past the page cache; null where that is impossible.
const sys::Fd* open_direct(Exchange& exchange, const sys::Fd& file) {
    auto direct = sys::reopen_direct(file);
    if (direct) return &exchange.make<sys::Fd>(std::move(*direct));
    const Error& error = direct.error();
    exchange.log(observe::Level::alert,
                 fmt::format("{}() with O_DIRECT failed {}", error.doing, describe_errno(static_cast<int>(error.code))));
    return nullptr;
}

io::Source* content_through_memory(Exchange& exchange, const sys::Fd& file, io::FileSlice whole, const io::ReadingPlace& place) {
    const CoreSettings& core = exchange.core();
    const auto& reading = exchange.settings<FileReadingSettings>();
    io::ReadFileSource::Options options{.buffer_bytes = core.output_buffer_count * core.output_buffer_size};
    const sys::Fd* const direct = reading.directio && whole.length >= *reading.directio ? open_direct(exchange, file) : nullptr;
    if (direct != nullptr) options.alignment = reading.directio_alignment;
    return &exchange.make<io::ReadFileSource>(direct != nullptr ? *direct : file, whole, options, place, exchange.arena);
}

io::Source* content_of(Exchange& exchange, const OpenFile& file) {
    if (file.status.size == 0) return nullptr;
    if (file.mapping) return &exchange.make<io::MemorySource>(file.mapping->bytes());
    const io::FileSlice whole{.offset = 0, .length = file.status.size};
    const auto& reading = exchange.settings<FileReadingSettings>();
    io::ReadingPlace place{.loop = exchange.worker.loop};
    if (reading.threads) {
        const std::string_view pool = exchange.evaluate(reading.pool);
        place.threads = exchange.worker.thread_pool(pool);
        if (place.threads == nullptr) exchange.log(observe::Level::error, fmt::format("thread pool \"{}\" not found", pool));
    }
    const bool past_cache = reading.directio && whole.length >= *reading.directio;
    if (past_cache || !exchange.core().sendfile) return content_through_memory(exchange, file.descriptor, whole, place);
    if (place.threads != nullptr) return &exchange.make<io::CachedFileSource>(file.descriptor, whole, place);
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
