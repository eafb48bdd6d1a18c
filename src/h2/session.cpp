// h2/session.cpp: the streams of a session: found by number, opened, closed, given back; and how a session ends.
// What comes is in session_receive.cpp, what goes in session_send.cpp.
#include "h2/session.hpp"

#include <algorithm>
#include <cassert>

namespace webserv::h2 {
namespace {

// Frames on a stream that we have reset may come for a round trip; of more streams than this nobody has that many at once.
constexpr std::uint32_t closed_min = 128, closed_max = 8192;

}  // namespace

Session::Session(io::Loop& loop_of_session, const Limits& limits)
    : loop{loop_of_session},
      limits_{limits},
      allowance_{loop.now()},
      closed_(std::clamp(limits.concurrent_streams, closed_min, closed_max)) {
    send_settings();
}

Session::~Session() {
    abort();
    while (take_arrived() != nullptr) {
    }
    assert(streams_ == 0);
}

Stream* Session::find(std::uint32_t number) const noexcept {
    Stream* stream = table_[number / 2 % table_.size()];
    while (stream != nullptr && stream->id != number) stream = stream->next_in_table_;
    return stream;
}

Stream* Session::take_arrived() {
    while (first_arrived_ != nullptr) {
        Stream& stream = *std::exchange(first_arrived_, first_arrived_->next_arrived_);
        stream.in_use_ = true;
        if (stream.open_) return &stream;
        release(stream);  // it was reset before anybody could look at it
    }
    return nullptr;
}

void Session::release(Stream& stream) {
    assert(stream.in_use_);
    stream.in_use_ = false;
    if (stream.open_) stream_error(stream.id, ErrorCode::internal_error);  // it was not answered
    --streams_;
    delete &stream;
}

// It can not be found any more, and whoever waits goes on; it is freed by release().
void Session::close(Stream& stream, bool by_reset) {
    assert(stream.open_);
    stream.open_ = false;
    ready_.remove(stream);
    Stream** link = &table_[stream.id / 2 % table_.size()];
    while (*link != &stream) link = &(*link)->next_in_table_;
    *link = stream.next_in_table_;
    remember_closed(stream.id, by_reset);
    if (!stream.content.ended_) stream.content.fail(std::errc::connection_reset);
    stream.wake(stream.reading_);
    stream.wake(stream.writing_);
}

void Session::stream_error(std::uint32_t number, ErrorCode code) {
    send_u32(FrameType::rst_stream, number, static_cast<std::uint32_t>(code));
    if (Stream* const stream = find(number)) {
        close(*stream, true);
    } else {
        remember_closed(number, true);
    }
}

bool Session::may_be_late(std::uint32_t number, const char* complaint) {
    const auto known = std::find_if(closed_.begin(), closed_.end(), [number](const Closed& closed) { return closed.number == number; });
    if (known == closed_.end()) {
        connection_error(ErrorCode::protocol_error, complaint);
    } else if (!known->by_reset) {
        connection_error(ErrorCode::stream_closed, complaint);
    } else {
        spend(cost::ignored_frame, "client goes on with streams that were reset");
    }
    return !ended_;
}

void Session::connection_error(ErrorCode code, const char* complaint) {
    if (ended_) return;
    error_ = code;
    complaint_ = complaint;
    send_goaway(std::min(newest_stream_, last_stream_), code, complaint);
    abort();
}

void Session::spend(std::int32_t amount, const char* complaint) {
    if (!allowance_.spend(amount, loop.now())) connection_error(ErrorCode::enhance_your_calm, complaint);
}

void Session::abort() {
    if (ended_) return;
    ended_ = true;
    for (Stream*& first : table_) {
        while (first != nullptr) close(*first, true);
    }
    wake_writer();
}

void Session::announce_end() {
    if (announced_end_ || ended_) return;
    announced_end_ = true;
    send_goaway(stream_id_max, ErrorCode::no_error, {});
    send_frame({.length = 8, .type = FrameType::ping}, "shutdown");
}

void Session::end() {
    if (ended_ || last_stream_ < stream_id_max) return;
    announced_end_ = true;
    last_stream_ = newest_stream_;
    send_goaway(last_stream_, ErrorCode::no_error, {});
}

Priority Session::take_early_priority(std::uint32_t number) noexcept {
    for (EarlyPriority& early : early_) {
        if (early.number != number) continue;
        early.number = 0;
        return early.priority;
    }
    return {};
}

}  // namespace webserv::h2
