// h1/response_content.cpp: what is buffered is handed out first; the stream is read when there is nothing more.
// The end of the connection is the content's end only where nothing else tells it: anywhere else content is missing.
#include "h1/response_content.hpp"

#include <algorithm>
#include <cassert>

namespace webserv::h1 {
namespace {

constexpr const char* doing = "read response content";

}  // namespace

void ResponseContent::begin(Framing framing, std::uint64_t length) {
    decoder_ = {};
    trailers_.clear();
    decoder_.keep_trailers(trailers_);
    framing_ = framing;
    left_ = framing == Framing::length ? length : 0;
    finished_ = framing == Framing::none || (framing == Framing::length && length == 0);
    cancelled_ = false;
    decoded_ = {};
    error_.reset();
}

std::optional<std::uint64_t> ResponseContent::length() const {
    if (finished_ && decoded_.empty()) return 0;
    return framing_ == Framing::length ? std::optional{left_} : std::nullopt;
}

Task<Result<io::Piece>> ResponseContent::next(std::uint64_t bytes_max) {
    assert(bytes_max > 0);
    if (cancelled_) error_ = Error{.code = std::errc::operation_canceled, .doing = doing};
    while (!error_) {
        const std::string_view bytes = framing_ == Framing::chunked ? take_decoded(bytes_max) : take_counted(bytes_max);
        if (error_) break;
        if (!bytes.empty() || finished_) co_return io::Piece{.bytes = bytes};
        const auto filled = co_await fill();
        if (!filled) error_ = filled.error();
    }
    co_return std::unexpected{*error_};
}

std::string_view ResponseContent::take_counted(std::uint64_t bytes_max) {
    if (finished_) return {};
    const bool counted = framing_ == Framing::length;
    const std::string_view bytes = input_.buffer.unread().substr(0, counted ? std::min(left_, bytes_max) : bytes_max);
    input_.buffer.take(bytes.size());
    if (counted) {
        left_ -= bytes.size();
        finished_ = left_ == 0;
    }
    return bytes;
}

std::string_view ResponseContent::take_decoded(std::uint64_t bytes_max) {
    if (decoded_.empty() && !finished_) {
        const auto step = decoder_.decode(input_.buffer.unread());
        input_.buffer.take(step.consumed);
        finished_ = step.progress == ChunkedDecoder::Progress::end;
        if (step.progress == ChunkedDecoder::Progress::failed) {
            error_ = Error{.code = std::errc::bad_message, .blame = Blame::upstream, .doing = doing};
        }
        decoded_ = step.data;
    }
    const std::string_view bytes = decoded_.substr(0, bytes_max);
    decoded_.remove_prefix(bytes.size());
    return bytes;
}

Task<Result<>> ResponseContent::fill() {
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
    if (framing_ == Framing::close) {
        finished_ = true;
        co_return Result<>{};
    }
    co_return std::unexpected{Error{.code = std::errc::connection_aborted, .blame = Blame::upstream, .doing = doing}};
}

}  // namespace webserv::h1
