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
    explicit Store(Exchange& exchange) : exchange_{exchange} {}

    Result<> add(std::string_view bytes) {
        const CoreSettings& core = exchange_.core();
        const bool in_file = core.client_body_in_file_only != InFile::large;
        if (file_ == nullptr && !in_file && memory_.size() + bytes.size() <= core.client_body_buffer_size) {
            memory_ += bytes;
            return {};
        }
        if (file_ == nullptr) {
            auto file = sys::TemporaryFile::create(core.client_body_temp_path, core.client_body_temp_levels);
            if (!file) return std::unexpected{file.error()};
            if (core.client_body_in_file_only == InFile::kept) file->keep();
            file_ = &exchange_.make<sys::TemporaryFile>(std::move(*file));
            exchange_.log(in_file ? Level::notice : Level::warn,
                          fmt::format("a client request body is buffered to a temporary file {}", file_->path()));
            if (auto written = sys::write_all(file_->file(), memory_); !written) return written;
            memory_.clear();
        }
        return sys::write_all(file_->file(), bytes);
    }

    void finish() {
        if (file_ != nullptr) {
            exchange_.request_content.file_path = file_->path();
        } else {
            exchange_.request_content.bytes = exchange_.arena.copy(memory_);
        }
    }

private:
    Exchange& exchange_;
    std::string memory_;
    const sys::TemporaryFile* file_ = nullptr;
};

}  // namespace

Task<Outcome> read_request_content(Exchange& exchange) {
    if (exchange.content_was_read || !exchange.request.has_content()) co_return Outcome::declined();
    const CoreSettings& core = exchange.core();
    auto& http = exchange.connection.http;
    http.set_content_bytes_max(core.client_max_body_size);
    http.set_content_patience(core.client_body_timeout);
    exchange.content_was_read = true;
    Store store{exchange};
    for (;;) {
        auto piece = co_await http.content().next(piece_bytes_max);
        if (!piece) {
            exchange.log(Level::info, fmt::format("{} while reading the client's request content", describe(piece.error())));
            exchange.persistent = false;
            co_return Outcome::status(status_of(piece.error()));
        }
        if (piece->is_end()) break;
        if (auto added = store.add(piece->bytes); !added) {
            exchange.log(Level::crit, fmt::format("{} while storing the client's request content", describe(added.error())));
            co_return Outcome::status(500);
        }
    }
    store.finish();
    co_return Outcome::declined();
}

}  // namespace webserv::server
