// modules/static.cpp: answers with the file that the path names.
// Small files leave in one write with the head, large ones by sendfile; a folder without its slash is redirected to it.
#include <fmt/format.h>
#include <unistd.h>

#include "http/target.hpp"
#include "modules/registry.hpp"
#include "server/answers.hpp"
#include "server/worker.hpp"

namespace webserv::modules {
namespace {

using http::Method;
using observe::Level;
using server::Exchange;
using server::OpenFile;
using server::Outcome;
using server::Phase;

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

Outcome cannot_open(Exchange& exchange, std::string_view path, const Error& error) {
    const int number = static_cast<int>(error.code);
    const auto message = [&] { return fmt::format("open() \"{}\" failed {}", path, describe_errno(number)); };
    switch (error.code) {
        case std::errc::no_such_file_or_directory:
        case std::errc::not_a_directory:
        case std::errc::filename_too_long:
            exchange.log(Level::error, message());
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

io::Source* content_of(Exchange& exchange, const OpenFile& file) {
    if (file.status.size == 0) return nullptr;
    if (file.mapping) return &exchange.make<io::MemorySource>(file.mapping->bytes());
    const io::FileSlice whole{.offset = 0, .length = file.status.size};
    if (!exchange.core().sendfile) return &exchange.make<ReadingSource>(file.descriptor, whole, exchange.arena);
    exchange.sends_file = true;
    return &exchange.make<io::FileSource>(file.descriptor, whole);
}

Outcome serve_file(Exchange& exchange) {
    const Method method = exchange.request.method;
    if (!exchange.is_safe() && method != Method::post) return Outcome::status(405);
    if (exchange.path.ends_with('/')) return Outcome::declined();

    const auto path = server::file_path(exchange, {});
    if (!path) return Outcome::status(404);
    auto found = exchange.worker.files.open(*path);
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
