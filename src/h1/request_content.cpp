// h1/request_content.cpp: hands out what is buffered, else reads; never beyond what the framing says.
// An error is final; the connection can not be used for another request then.
#include "h1/request_content.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace webserv::h1 {

void RequestContent::begin(const http::Request& request) noexcept {
    decoder_ = {};
    chunked_ = request.chunked;
    left_ = request.content_length.value_or(0);
    finished_ = !request.has_content();
    expects_continue_ = request.expects_continue && !finished_;
    cancelled_ = false;
    received_ = bytes_max_ = bytes_taken_ = 0;
    decoded_ = {};
    error_.reset();
    patience_ = default_patience;
    deadline_ = io::never;
}

std::optional<std::uint64_t> RequestContent::length() const {
    if (chunked_ && !finished_) return std::nullopt;
    return left_;
}

void RequestContent::set_bytes_max(std::uint64_t bytes) noexcept {
    bytes_max_ = bytes;
    if (bytes > 0 && received_ + left_ > bytes) fail(std::errc::file_too_large, "read request content");
}

Task<Result<io::Piece>> RequestContent::next(std::uint64_t bytes_max) {
    if (cancelled_) fail(std::errc::operation_canceled, "read request content");
    return pull(bytes_max);
}

Task<Result<io::Piece>> RequestContent::pull(std::uint64_t bytes_max) {
    assert(bytes_max > 0);
    while (!error_) {
        const std::string_view bytes = chunked_ ? take_decoded(bytes_max) : take_counted(bytes_max);
        if (error_) break;
        if (!bytes.empty() || finished_) co_return io::Piece{.bytes = bytes};
        const auto filled = co_await fill();
        if (!filled) error_ = filled.error();
    }
    co_return std::unexpected{*error_};
}

void RequestContent::take(std::size_t bytes) noexcept {
    if (bytes > 0) expects_continue_ = false;  // it did not wait
    input_.buffer.take(bytes);
    bytes_taken_ += bytes;
}

std::string_view RequestContent::take_counted(std::uint64_t bytes_max) {
    const std::string_view bytes = input_.buffer.unread().substr(0, std::min(left_, bytes_max));
    take(bytes.size());
    left_ -= bytes.size();
    received_ += bytes.size();
    finished_ = left_ == 0;
    return bytes;
}

std::string_view RequestContent::take_decoded(std::uint64_t bytes_max) {
    if (decoded_.empty() && !finished_) decode();
    const std::string_view bytes = decoded_.substr(0, bytes_max);
    decoded_.remove_prefix(bytes.size());
    return bytes;
}

void RequestContent::decode() {
    const auto step = decoder_.decode(input_.buffer.unread());
    take(step.consumed);
    finished_ = step.progress == ChunkedDecoder::Progress::end;
    if (step.progress == ChunkedDecoder::Progress::failed) fail(std::errc::bad_message, "read chunked request content");
    decoded_ = step.data;
    received_ += step.data.size();
    if (bytes_max_ > 0 && received_ > bytes_max_) fail(std::errc::file_too_large, "read request content");
}

Task<Result<>> RequestContent::fill() {
    if (expects_continue_) {
        expects_continue_ = false;
        static constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
        std::array<iovec, 1> parts{{{const_cast<char*>(interim.data()), interim.size()}}};  // it is only read
        const auto written = co_await io::write_all(input_.stream, parts, patience_);
        if (!written) co_return std::unexpected{written.error()};
    }
    if (input_.holds_head) {  // the head's views must stay where they are
        input_.holds_head = false;
        input_.head = std::move(input_.buffer);
        input_.buffer = ReadBuffer{content_buffer_bytes};
    }
    input_.buffer.clear();
    const io::Deadline deadline = std::min(deadline_, io::deadline_after(input_.stream.now(), patience_));
    const auto count = co_await receive(input_.stream, input_.buffer, deadline);
    if (!count) co_return std::unexpected{count.error()};
    if (*count > 0) co_return Result<>{};
    co_return std::unexpected{Error{.code = std::errc::connection_reset, .blame = Blame::downstream, .doing = "read request content"}};
}

Task<bool> RequestContent::discard(std::uint64_t bytes_max, io::Deadline deadline) {
    if (finished_) co_return !error_;
    // Who waits for "100 Continue" may now send the content or not: where the next request begins can not be known.
    if (error_ || expects_continue_ || left_ > bytes_max) co_return false;
    deadline_ = deadline;
    while (bytes_max > 0) {
        if (input_.stream.now() >= deadline) co_return false;
        const auto piece = co_await pull(bytes_max);
        if (!piece) co_return false;
        if (piece->is_end()) co_return true;
        bytes_max -= piece->bytes.size();
    }
    co_return finished_;
}

}  // namespace webserv::h1
