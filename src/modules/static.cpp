// modules/static.cpp: answers with the file that the path names.
// Small files leave in one write with the head, large ones by sendfile; a folder without its slash is redirected to it.
#include <fmt/format.h>

#include "http/target.hpp"
#include "io/file_reading.hpp"
#include "modules/registry.hpp"
#include "server/answers.hpp"
#include "server/find_file.hpp"
#include "server/worker.hpp"

namespace webserv::modules {
namespace {

using http::Method;
using observe::Level;
using server::Exchange;
using server::OpenFile;
using server::Outcome;
using server::Phase;

Outcome cannot_open(Exchange& exchange, std::string_view path, const Error& error) {
    const int number = static_cast<int>(error.code);
    const auto message = [&] { return fmt::format("open() \"{}\" failed {}", path, describe_errno(number)); };
    switch (error.code) {
        case std::errc::no_such_file_or_directory:
        case std::errc::not_a_directory:
        case std::errc::filename_too_long:
            if (exchange.core().log_not_found) exchange.log(Level::error, message());
            return Outcome::status(404);
        case std::errc::permission_denied:
        case std::errc::too_many_symbolic_link_levels:
            exchange.log(Level::error, message());
            return Outcome::status(403);
        default:
            exchange.log(Level::crit, message());
            return Outcome::status(500);
    }
}

Outcome redirect_to_folder(Exchange& exchange) {
    std::string_view target = http::escape_path(exchange.path, exchange.arena);
    target = exchange.arena.join(target, "/");
    if (!exchange.args.empty()) target = exchange.arena.join(exchange.arena.join(target, "?"), exchange.args);
    exchange.response.location = target;
    return Outcome::status(301);
}

/// The same file, to be read past the page cache; null where that is impossible.
const sys::Fd* open_direct(Exchange& exchange, const sys::Fd& file) {
    auto direct = sys::reopen_direct(file);
    if (direct) return &exchange.make<sys::Fd>(std::move(*direct));
    const Error& error = direct.error();
    exchange.log(Level::alert, fmt::format("{}() with O_DIRECT failed {}", error.doing, describe_errno(static_cast<int>(error.code))));
    return nullptr;
}

io::Source* content_through_memory(Exchange& exchange, const sys::Fd& file, io::FileSlice whole, const io::ReadingPlace& place) {
    const server::CoreSettings& core = exchange.core();
    const auto& reading = exchange.settings<server::FileReadingSettings>();
    io::ReadFileSource::Options options{.buffer_bytes = core.output_buffer_count * core.output_buffer_size};
    const sys::Fd* const direct = reading.directio && whole.length >= *reading.directio ? open_direct(exchange, file) : nullptr;
    if (direct != nullptr) options.alignment = reading.directio_alignment;
    return &exchange.make<io::ReadFileSource>(direct != nullptr ? *direct : file, whole, options, place, exchange.arena);
}

io::Source* content_of(Exchange& exchange, const OpenFile& file) {
    if (file.status.size == 0) return nullptr;
    if (file.mapping) return &exchange.make<io::MemorySource>(file.mapping->bytes());
    const io::FileSlice whole{.offset = 0, .length = file.status.size};
    const auto& reading = exchange.settings<server::FileReadingSettings>();
    io::ReadingPlace place{.loop = exchange.worker.loop};
    if (reading.threads) {
        const std::string_view pool = exchange.evaluate(reading.pool);
        place.threads = exchange.worker.thread_pool(pool);
        if (place.threads == nullptr) exchange.log(Level::error, fmt::format("thread pool \"{}\" not found", pool));
    }
    const bool past_cache = reading.directio && whole.length >= *reading.directio;
    if (past_cache || !exchange.core().sendfile) return content_through_memory(exchange, file.descriptor, whole, place);
    exchange.sends_file = true;
    if (place.threads != nullptr) return &exchange.make<io::CachedFileSource>(file.descriptor, whole, place);
    return &exchange.make<io::FileSource>(file.descriptor, whole);
}

Outcome serve_file(Exchange& exchange) {
    const Method method = exchange.request.method;
    if (!exchange.is_safe() && method != Method::post) return Outcome::status(405);
    if (exchange.path.ends_with('/')) return Outcome::declined();

    const auto path = server::file_path(exchange, {});
    if (!path) return Outcome::status(404);
    auto found = server::find_file(exchange, *path);
    if (!found) return cannot_open(exchange, *path, found.error());
    if (found->status.is_directory()) return redirect_to_folder(exchange);
    if (!found->file) {
        exchange.log(Level::crit, fmt::format("\"{}\" is not a regular file", *path));
        return Outcome::status(404);
    }
    if (method == Method::post) return Outcome::status(405);

    // The exchange holds the file open until it has been sent, whatever happens to its name meanwhile.
    const OpenFile& file = *exchange.make<std::shared_ptr<const OpenFile>>(std::move(found->file));
    http::Response& response = exchange.response;
    response.status = 200;
    response.content_type = server::content_type_of(exchange);
    response.content_length = file.status.size;
    response.last_modified = file.status.modified_seconds;
    response.etag = file.entity_tag();
    response.accept_ranges = true;
    exchange.content = content_of(exchange, file);
    return Outcome::respond();
}

constexpr server::Handler handlers[] = {{.phase = Phase::content, .plain = serve_file, .waiting = nullptr, .wanted = nullptr}};

}  // namespace

constexpr server::Module static_module{.name = "static", .directives = {}, .variables = {}, .handlers = handlers, .filters = {}};

}  // namespace webserv::modules
