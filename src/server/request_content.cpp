// server/request_content.cpp: memory first, then a temporary file.
// Only where a value refers to the content; everywhere else it is discarded unread.
#include "server/request_content.hpp"

#include <fmt/format.h>

#include <cstring>
#include <string>

#include "server/worker.hpp"
#include "sys/file.hpp"
#include "sys/temporary.hpp"

namespace webserv::server {
namespace {

using observe::Level;

constexpr std::uint64_t piece_bytes_max = 64U << 10;

int status_of(const Error& error) {
    switch (error.code) {
        case std::errc::file_too_large:
            return 413;
        case std::errc::timed_out:
            return 408;
        case std::errc::operation_canceled:
            return 500;
        default:
            return 400;
    }
}

// Where the octets go: gathered in memory until they outgrow it.
class Store {
public:
    Store(Exchange& exchange, bool to_file) : exchange_{exchange}, to_file_{to_file} {}

    Result<> add(std::string_view bytes) {
        size_ += bytes.size();
        const CoreSettings& core = exchange_.core();
        if (file_ == nullptr && !wants_file() && memory_.size() + bytes.size() <= core.client_body_buffer_size) {
            memory_ += bytes;
            return {};
        }
        if (auto opened = open_file(); !opened) return opened;
        return sys::write_all(file_->file(), bytes);
    }

    Result<> finish() {
        if (to_file_) {
            if (auto opened = open_file(); !opened) return opened;
        }
        exchange_.request_content.size = size_;
        if (file_ != nullptr) {
            exchange_.request_content.file_path = file_->path();
        } else {
            exchange_.request_content.bytes = exchange_.arena.copy(memory_);
        }
        return {};
    }

private:
    /// A handler wants it, or client_body_in_file_only does.
    [[nodiscard]] bool wants_file() const noexcept { return to_file_ || exchange_.core().client_body_in_file_only != InFile::large; }

    Result<> open_file() {
        if (file_ != nullptr) return {};
        const CoreSettings& core = exchange_.core();
        auto file = sys::TemporaryFile::create(core.client_body_temp_path, core.client_body_temp_levels);
        if (!file) return std::unexpected{file.error()};
        if (!to_file_ && core.client_body_in_file_only == InFile::kept) file->keep();
        file_ = &exchange_.make<sys::TemporaryFile>(std::move(*file));
        // Where a file is wanted, it is no sign of a buffer that is too small.
        if (!to_file_) {
            exchange_.log(wants_file() ? Level::notice : Level::warn,
                          fmt::format("a client request body is buffered to a temporary file {}", file_->path()));
        }
        const Result<> written = sys::write_all(file_->file(), memory_);
        memory_.clear();
        return written;
    }

    Exchange& exchange_;
    bool to_file_;
    std::string memory_;
    std::uint64_t size_ = 0;
    const sys::TemporaryFile* file_ = nullptr;
};

// After the answer, nobody is asked for content that was not wanted before: values have none, and a handler can not do its work.
Outcome too_late(Exchange& exchange, bool to_file) {
    if (!to_file) return Outcome::declined();
    exchange.log(Level::error, "request content is unavailable to a post_action");
    return Outcome::status(500);
}

Task<Outcome> read(Exchange& exchange, bool to_file) {
    const bool wants_file = to_file && exchange.request_content.file_path.empty();
    const bool is_there = exchange.content_was_read || !exchange.request.has_content();
    if (is_there && !wants_file) co_return Outcome::declined();
    if (!is_there && exchange.post_action) co_return too_late(exchange, to_file);
    Store store{exchange, to_file};
    Result<> added = store.add(exchange.request_content.bytes);
    if (!is_there) {
        const CoreSettings& core = exchange.core();
        exchange.transport.limit_content(core.client_max_body_size, core.client_body_timeout);
        exchange.content_was_read = true;
        while (added) {
            auto piece = co_await exchange.transport.content().next(piece_bytes_max);
            if (!piece) {
                exchange.log(Level::info, fmt::format("{} while reading the client's request content", describe(piece.error())));
                exchange.persistent = false;
                co_return Outcome::status(status_of(piece.error()));
            }
            if (piece->is_end()) break;
            added = store.add(piece->bytes);
        }
    }
    if (added) added = store.finish();
    if (added) co_return Outcome::declined();
    exchange.log(Level::crit, fmt::format("{} while storing the client's request content", describe(added.error())));
    co_return Outcome::status(500);
}

}  // namespace

Outcome limit_request_content(Exchange& exchange) {
    const CoreSettings& core = exchange.core();
    const bool was_read = exchange.content_was_read;
    if (!was_read) exchange.transport.limit_content(core.client_max_body_size, core.client_body_timeout);
    const std::uint64_t bytes = was_read ? exchange.request_content.size : exchange.request.content_length.value_or(0);
    if (core.client_max_body_size == 0 || bytes <= core.client_max_body_size || exchange.had_error_page) return Outcome::declined();
    exchange.log(Level::error, fmt::format("client intended to send too large body: {} bytes", bytes));
    return Outcome::status(413);
}

Task<Outcome> read_request_content(Exchange& exchange) { return read(exchange, false); }

Task<Outcome> read_request_content_into_file(Exchange& exchange) { return read(exchange, true); }

}  // namespace webserv::server
