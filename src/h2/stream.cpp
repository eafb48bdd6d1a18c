// h2/stream.cpp: content that is waited for, in both directions.
// Octets are copied once: from where they lie into the connection's output, or from a frame into what is kept for the reader.
#include "h2/stream.hpp"

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "h2/session.hpp"
#include "sys/guarded_copy.hpp"

namespace webserv::h2 {
namespace {

// Asked of a source at once: several frames of it, so that one question serves for all of them.
constexpr std::uint64_t piece_bytes_max = 256U << 10;

constexpr Error stream_ended{.code = std::errc::connection_reset, .blame = Blame::downstream, .doing = "send"};

/// The places that so many octets fill, the last of them cut.
std::span<iovec> first_octets(std::span<iovec> places, std::uint64_t bytes) {
    std::size_t count = 0;
    for (; count < places.size() && bytes > 0; ++count) {
        places[count].iov_len = std::min<std::uint64_t>(places[count].iov_len, bytes);
        bytes -= places[count].iov_len;
    }
    return places.first(count);
}

}  // namespace

std::optional<std::uint64_t> RequestContent::length() const {
    const auto announced = stream_.request.content_length;
    const std::uint64_t unread = arriving_.size() + handed_out_.size() - taken_;
    if (ended_) return unread;
    if (!announced) return std::nullopt;
    return *announced - received_ + unread;
}

void RequestContent::limit(std::uint64_t bytes_max, std::chrono::milliseconds patience) noexcept {
    bytes_max_ = bytes_max;
    patience_ = patience;
    if (bytes_max > 0 && received_ > bytes_max) fail(std::errc::file_too_large);
}

void RequestContent::add(std::string_view bytes) {
    received_ += bytes.size();
    if (error_) return;
    if (bytes_max_ > 0 && received_ > bytes_max_) return fail(std::errc::file_too_large);
    arriving_.append(bytes);
    if (!bytes.empty()) stream_.wake(stream_.reading_);
}

void RequestContent::fail(std::errc code) noexcept {
    if (!error_) error_ = code;
    arriving_.clear();
    stream_.wake(stream_.reading_);
}

Task<Result<io::Piece>> RequestContent::next(std::uint64_t bytes_max) {
    stream_.session_.widen_window(stream_);
    for (;;) {
        if (error_) co_return std::unexpected{Error{.code = *error_, .blame = Blame::downstream, .doing = "read request content"}};
        if (taken_ < handed_out_.size()) {
            const std::string_view bytes = std::string_view{handed_out_}.substr(taken_, bytes_max);
            taken_ += bytes.size();
            co_return io::Piece{.bytes = bytes};
        }
        handed_out_.clear();
        taken_ = 0;
        if (!arriving_.empty()) {
            handed_out_.swap(arriving_);
            stream_.session_.credit(stream_, handed_out_.size());
            continue;
        }
        if (ended_) co_return io::Piece{};
        if (stream_.request.expects_continue) stream_.session_.send_continue(stream_);
        const io::Deadline deadline = io::deadline_after(stream_.session_.loop.now(), patience_);
        const bool in_time = co_await stream_.wait(stream_.reading_, deadline);
        if (!in_time && arriving_.empty() && !ended_ && !error_) error_ = std::errc::timed_out;
    }
}

Stream::Stream(Session& session, std::uint32_t number, io::TimePoint first_octet, std::int64_t send_window, std::int64_t receive_window)
    : began{first_octet},
      session_{session},
      send_window_{send_window},
      receive_window_{receive_window},
      content_window_{session.limits_.content_window} {
    id = number;
}

Stream::~Stream() { session_.loop.timers().disarm(*this); }

void Stream::Wait::await_suspend(std::coroutine_handle<> waiter) noexcept {
    side.waiter = waiter;
    const bool fires_before = stream.armed() && stream.time() <= side.deadline;
    if (side.deadline != io::never && !fires_before) stream.session_.loop.timers().arm(stream, side.deadline);
}

Stream::Wait Stream::wait(Side& side, io::Deadline deadline) noexcept {
    side.deadline = deadline;
    side.timed_out = false;
    return {*this, side};
}

void Stream::wake(Side& side) {
    if (side.waiter) session_.loop.post(std::exchange(side.waiter, {}));
}

void Stream::expired() {
    io::Deadline earliest = io::never;
    for (Side* const side : {&reading_, &writing_}) {
        if (!side->waiter) continue;
        if (side->deadline > session_.loop.now()) {
            earliest = std::min(earliest, side->deadline);
            continue;
        }
        side->timed_out = true;
        wake(*side);
    }
    if (earliest != io::never) session_.loop.timers().arm(*this, earliest);
}

void Stream::reset(ErrorCode code) {
    if (open_) session_.stream_error(id, code);
}

Task<http::Sent> Stream::write_response(const http::Response& response, const Sending& sending, io::Source* source) {
    http::Sent sent;
    if (!open_) {
        sent.outcome = std::unexpected{stream_ended};
        co_return sent;
    }
    chunk_bytes_ = sending.frame_bytes_max;
    source_ = sending.has_content ? source : nullptr;
    trailers_ = sending.has_content ? response.trailer_source : nullptr;
    length_known_ = source_ == nullptr || response.content_length.has_value();
    left_ = source_ == nullptr ? 0 : response.content_length.value_or(std::numeric_limits<std::uint64_t>::max());
    const bool head_is_all = (source_ == nullptr || (length_known_ && left_ == 0)) && trailers_ == nullptr;
    session_.send_response_head(*this, response, sending.date, head_is_all);
    if (!head_is_all) {
        session_.send_content(*this);
        if (open_ && !response_ended_) sent.outcome = co_await send_content(sending.patience);
        if (sent.outcome && !response_ended_) sent.outcome = std::unexpected{failure_.value_or(stream_ended)};
    }
    source_ = nullptr;
    piece_ = {};
    sent.bytes = bytes_sent_;
    sent.content_bytes = content_bytes_sent_;
    co_return sent;
}

// The rest of the content: whatever has to be waited for.
Task<Result<>> Stream::send_content(std::chrono::milliseconds patience) {
    std::uint64_t sent_before = bytes_sent_;
    std::uint64_t others_before = session_.content_bytes_;
    io::Deadline deadline = io::deadline_after(session_.loop.now(), patience);
    while (open_ && !response_ended_) {
        if (wants_piece_) {
            const auto piece = co_await source_->next(std::min(left_, piece_bytes_max));
            if (!open_) break;
            wants_piece_ = false;
            if (!piece) {
                const Error error = piece.error();
                session_.fail_content(*this, error);
                co_return std::unexpected{error};
            }
            piece_ = *piece;
            if (piece_.is_end()) left_ = length_known_ ? left_ : 0;
            if (piece_.is_end() && left_ > 0) {
                session_.fail_content(*this,
                                      Error{.code = std::errc::io_error, .doing = "send content: it ended before its announced length"});
                break;
            }
            session_.settle(*this);
            deadline = io::deadline_after(session_.loop.now(), patience);
        }
        const bool in_time = co_await wait(writing_, deadline);
        const bool waits_for_others = is_ready && session_.content_bytes_ != others_before;
        others_before = session_.content_bytes_;
        if (bytes_sent_ != std::exchange(sent_before, bytes_sent_) || waits_for_others) {
            deadline = io::deadline_after(session_.loop.now(), patience);
        } else if (!in_time && open_ && !response_ended_ && !wants_piece_) {
            const Error error{.code = std::errc::timed_out, .blame = Blame::downstream, .doing = "send"};
            session_.fail_content(*this, error);
            session_.spend(cost::stalled_stream, "client keeps windows shut");
            co_return std::unexpected{error};
        }
    }
    co_return Result<>{};
}

// @return whether `piece_` has octets now, or there are no more to come; else wants_piece_ or failure_ says what is missing
bool Stream::next_piece() {
    if (left_ == 0) return true;
    const auto piece = source_->at_hand(std::min(left_, piece_bytes_max));
    if (!piece) {
        wants_piece_ = true;
        return false;
    }
    piece_ = *piece;
    if (!piece_.is_end()) return true;
    if (length_known_) {
        failure_ = Error{.code = std::errc::io_error, .doing = "send content: it ended before its announced length"};
        return false;
    }
    left_ = 0;
    return true;
}

Stream::Portion Stream::take(std::span<iovec> places) {
    if (piece_.is_end() && left_ > 0 && !next_piece()) return {failure_ ? Supply::failed : Supply::later};
    const std::uint64_t there = piece_.file != nullptr ? piece_.slice.length : piece_.bytes.size();
    places = first_octets(places, std::min(there, left_));
    const std::size_t bytes = piece_.file != nullptr ? read_file(places) : copy_bytes(places);
    if (failure_) return {Supply::failed};
    left_ -= bytes;
    if (!length_known_ && piece_.is_end() && source_ != nullptr && source_->length() == 0) left_ = 0;
    return {left_ == 0 ? Supply::last : Supply::octets, bytes};
}

// One call for all of them: what lies between the places stays as it is.
std::size_t Stream::read_file(std::span<const iovec> places) {
    if (places.empty()) return 0;
    const ssize_t count =
        ::preadv(piece_.file->get(), places.data(), static_cast<int>(places.size()), static_cast<off_t>(piece_.slice.offset));
    if (count <= 0) {
        const auto code = count < 0 ? static_cast<std::errc>(errno) : std::errc::io_error;
        failure_ = Error{.code = code, .doing = count < 0 ? "preadv" : "preadv: the file was truncated"};
        return 0;
    }
    const auto bytes = static_cast<std::size_t>(count);
    piece_.slice.offset += bytes;
    piece_.slice.length -= bytes;
    if (piece_.slice.length == 0) piece_ = {};
    return bytes;
}

std::size_t Stream::copy_bytes(std::span<const iovec> places) {
    std::size_t bytes = 0;
    for (const iovec& place : places) {
        if (!sys::copy_guarded(static_cast<char*>(place.iov_base), piece_.bytes.data(), place.iov_len)) {
            failure_ = Error{.code = std::errc::bad_address, .doing = "send: the file was truncated"};
            return 0;
        }
        piece_.bytes.remove_prefix(place.iov_len);
        bytes += place.iov_len;
    }
    return bytes;
}

}  // namespace webserv::h2
