// h2/session_send.cpp: frames that go: heads of responses, content in the order of priorities, and what a session has to say itself.
// A small answer that is at hand leaves with its head; everything else takes its turn.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <vector>

#include "h2/session.hpp"
#include "http/date.hpp"
#include "http/status.hpp"

namespace webserv::h2 {
namespace {

// Content up to this size need not queue behind others: it would only make them wait for a frame.
constexpr std::uint64_t small_content_bytes = frame_bytes_max;

// Of one stream's content before another has its turn: two frames of the largest size, or as many smaller ones as it may have.
constexpr std::size_t visit_bytes = 2 * frame_bytes_max;
constexpr std::size_t frames_a_visit_max = 8;

// What a peer may send of a request's content once it is read as it comes: enough for 40 MB/s over a round trip of 100 ms.
constexpr std::int64_t wide_window = 4 << 20;

std::string_view decimal(std::uint64_t value, Arena& arena) {
    constexpr std::size_t digits_max = 20;
    char* const text = arena.take(digits_max);
    const char* const end = std::to_chars(text, text + digits_max, value).ptr;
    return {text, static_cast<std::size_t>(end - text)};
}

}  // namespace

void Session::wake_writer() {
    if (writer_) loop.post(std::exchange(writer_, {}));
}

void Session::send_frame(const FrameHead& head, std::string_view payload) {
    char* const into = output.room(frame_head_bytes + payload.size());
    write_frame_head(into, head);
    if (!payload.empty()) std::memcpy(into + frame_head_bytes, payload.data(), payload.size());
    output.add(frame_head_bytes + payload.size());
    wake_writer();
}

void Session::send_u32(FrameType type, std::uint32_t stream, std::uint32_t value) {
    std::array<char, 4> payload;
    write_u32(payload.data(), value);
    send_frame({.length = payload.size(), .type = type, .stream = stream}, {payload.data(), payload.size()});
}

void Session::send_settings() {
    struct Entry {
        Setting setting;
        std::uint32_t value;
    };
    const Entry entries[] = {{Setting::max_concurrent_streams, limits_.concurrent_streams},
                             {Setting::initial_window_size, static_cast<std::uint32_t>(limits_.content_window)},
                             {Setting::no_rfc7540_priorities, 1}};
    std::string payload;
    for (const Entry& entry : entries) {
        std::array<char, 4> value;
        write_u32(value.data(), entry.value);
        payload.push_back(static_cast<char>(static_cast<std::uint16_t>(entry.setting) >> 8));
        payload.push_back(static_cast<char>(entry.setting));
        payload.append(value.data(), value.size());
    }
    send_frame({.length = static_cast<std::uint32_t>(payload.size()), .type = FrameType::settings}, payload);
    // Streams are bounded one by one; the connection's own window would only make one of them wait for the other.
    receive_window_ = window_max;
    send_u32(FrameType::window_update, 0, static_cast<std::uint32_t>(window_max - default_window));
}

void Session::send_goaway(std::uint32_t last, ErrorCode code, std::string_view complaint) {
    std::string payload(8, '\0');
    write_u32(payload.data(), last);
    write_u32(payload.data() + 4, static_cast<std::uint32_t>(code));
    payload.append(complaint);
    send_frame({.length = static_cast<std::uint32_t>(payload.size()), .type = FrameType::goaway}, payload);
}

// One field block, in as many frames as it needs (section 4.3): they follow one another without anything in between.
void Session::send_lines(Stream& stream, std::span<const http::FieldLine> lines, bool ends_stream) {
    (void)output.room(frame_head_bytes);
    output.add(frame_head_bytes);
    const std::size_t bytes = encoder_.encode(lines, output);
    std::size_t in_continuations = bytes > frame_bytes_max ? bytes - frame_bytes_max : 0;
    const std::size_t more_heads = (in_continuations + frame_bytes_max - 1) / frame_bytes_max * frame_head_bytes;
    (void)output.room(more_heads);
    output.add(more_heads);
    char* const start = const_cast<char*>(output.pending().data()) + output.size() - (frame_head_bytes + bytes + more_heads);
    const std::uint8_t ending = ends_stream ? flag::end_stream : std::uint8_t{0};
    const std::uint8_t whole = in_continuations == 0 ? flag::end_headers : std::uint8_t{0};
    write_frame_head(start, {.length = static_cast<std::uint32_t>(bytes - in_continuations),
                             .type = FrameType::headers,
                             .flags = static_cast<std::uint8_t>(ending | whole),
                             .stream = stream.id});
    for (char* frame = start + frame_head_bytes + frame_bytes_max; in_continuations > 0;) {
        const std::size_t length = std::min<std::size_t>(in_continuations, frame_bytes_max);
        std::memmove(frame + frame_head_bytes, frame, in_continuations);
        in_continuations -= length;
        write_frame_head(frame, {.length = static_cast<std::uint32_t>(length),
                                 .type = FrameType::continuation,
                                 .flags = in_continuations == 0 ? flag::end_headers : std::uint8_t{0},
                                 .stream = stream.id});
        frame += frame_head_bytes + length;
    }
    stream.bytes_sent_ += frame_head_bytes + bytes + more_heads;
    wake_writer();
}

void Session::send_response_head(Stream& stream, const http::Response& response, std::string_view date, bool ends_stream) {
    Arena& arena = stream.arena;
    const std::size_t lines_max = 10 + response.fields.size();
    auto* const lines = reinterpret_cast<http::FieldLine*>(arena.take(lines_max * sizeof(http::FieldLine), alignof(http::FieldLine)));
    std::size_t count = 0;
    const auto add = [&](std::string_view name, std::string_view value) { new (&lines[count++]) http::FieldLine{name, value}; };
    const auto add_text = [&](std::string_view name, std::string_view value) {
        if (!value.empty()) add(name, value);
    };
    const auto status = http::status_digits(response.status);
    add(":status", {status.data(), status.size()});
    add_text("server", response.server);
    add_text("date", date);
    add_text("content-type", response.content_type);
    if (response.content_length) add("content-length", decimal(*response.content_length, arena));
    if (response.last_modified) add("last-modified", http::date_text(*response.last_modified));
    add_text("location", response.location);
    add_text("etag", response.etag);
    for (const http::FieldLine& line : response.fields) {
        const std::string_view name = arena.lower(line.name);
        if (!is_about_connection(name)) add(name, line.value);
    }
    if (response.accept_ranges) add("accept-ranges", "bytes");
    stream.response_begun_ = true;
    send_lines(stream, {lines, count}, ends_stream);
    if (ends_stream) end_content(stream);
}

void Session::send_continue(Stream& stream) {
    if (stream.continue_sent_ || stream.response_begun_ || !stream.open_) return;
    stream.continue_sent_ = true;
    const http::FieldLine line{":status", "100"};
    send_lines(stream, {&line, 1}, false);
}

void Session::send_content(Stream& stream) {
    // Others wait already, or there is more than a frame of it: then it queues.
    if (ready_.empty() && stream.length_known_ && stream.left_ <= small_content_bytes) {
        while (stream.open_ && !stream.response_ended_ && !output.is_full() && send_data(stream)) {
        }
    }
    settle(stream);
}

// Among the ready ones if it can send, woken if it can not go on by itself.
void Session::settle(Stream& stream) {
    const bool can_send = stream.open_ && !stream.response_ended_ && !stream.wants_piece_ && !stream.failure_;
    if (can_send && (stream.send_window_ > 0 || stream.left_ == 0)) {
        ready_.add(stream);
        wake_writer();
        return;
    }
    ready_.remove(stream);
    if (!can_send) stream.wake(stream.writing_);
}

// A few frames, so that one read serves for them. @return whether it may send more
bool Session::send_data(Stream& stream) {
    const auto window = static_cast<std::uint64_t>(std::max<std::int64_t>(std::min(send_window_, stream.send_window_), 0));
    const std::size_t chunk = stream.chunk_bytes_;
    const std::size_t room = std::min({window, stream.left_, std::uint64_t{std::max(visit_bytes / chunk, std::size_t{1}) * chunk}});
    std::array<iovec, frames_a_visit_max> places;
    std::size_t count = 0;
    char* const start = output.room(room + (room / chunk + 1) * frame_head_bytes);
    for (std::size_t done = 0; done < room && count < places.size(); done += chunk, ++count) {
        places[count] = {start + done + (count + 1) * frame_head_bytes, std::min(chunk, room - done)};
    }
    const Stream::Portion portion = stream.take(std::span{places}.first(count));
    if (portion.supply == Stream::Supply::failed) {
        fail_content(stream, *stream.failure_);
        return false;
    }
    if (portion.supply == Stream::Supply::later) return false;
    const bool ends = portion.supply == Stream::Supply::last && stream.trailers_ == nullptr;
    if (portion.bytes > 0 || ends) add_data_frames(stream, portion.bytes, ends);
    if (portion.supply == Stream::Supply::last) {
        if (!ends) send_trailers(stream);
        end_content(stream);
        return false;
    }
    return portion.bytes > 0 && stream.send_window_ > 0 && send_window_ > 0;
}

// The octets are in their places in the output; what is missing is the frames around them.
void Session::add_data_frames(Stream& stream, std::size_t bytes, bool ends_stream) {
    const std::size_t chunk = stream.chunk_bytes_;
    const std::size_t frames = std::max((bytes + chunk - 1) / chunk, std::size_t{1});
    char* into = output.room(bytes + frames * frame_head_bytes);
    for (std::size_t left = bytes, frame = 1; frame <= frames; ++frame) {
        const std::size_t length = std::min(left, chunk);
        write_frame_head(into, {.length = static_cast<std::uint32_t>(length),
                                .type = FrameType::data,
                                .flags = ends_stream && frame == frames ? flag::end_stream : std::uint8_t{0},
                                .stream = stream.id});
        into += frame_head_bytes + length;
        left -= length;
        allowance_.earn(2 * cost::window_update);  // of the stream and of the connection: some peers answer each frame with both
    }
    output.add(bytes + frames * frame_head_bytes);
    send_window_ -= static_cast<std::int64_t>(bytes);
    stream.send_window_ -= static_cast<std::int64_t>(bytes);
    stream.bytes_sent_ += bytes + frames * frame_head_bytes;
    stream.content_bytes_sent_ += bytes;
    content_bytes_ += bytes;
    wake_writer();
}

void Session::send_trailers(Stream& stream) {
    std::vector<http::FieldLine> lines;
    for (const http::FieldLine& line : stream.trailers_->trailers()) lines.push_back({stream.arena.lower(line.name), line.value});
    if (lines.empty()) {
        send_frame({.type = FrameType::data, .flags = flag::end_stream, .stream = stream.id}, {});
    } else {
        send_lines(stream, lines, true);
    }
}

void Session::produce() {
    while (!output.is_full()) {
        auto* const stream = static_cast<Stream*>(ready_.next());
        if (stream == nullptr) return;
        if (send_window_ <= 0 && stream->left_ > 0) return;
        (void)send_data(*stream);
        ready_.has_sent(*stream);
        settle(*stream);
    }
}

void Session::end_content(Stream& stream) {
    stream.response_ended_ = true;
    allowance_.earn(cost::cancelled_stream);
    // Nobody will read the rest of the request: the peer need not send it (section 8.1).
    if (!stream.request_ended_) send_u32(FrameType::rst_stream, stream.id, static_cast<std::uint32_t>(ErrorCode::no_error));
    close(stream, !stream.request_ended_);
}

void Session::fail_content(Stream& stream, const Error& error) {
    stream.failure_ = error;
    if (!stream.open_) return;
    const bool too_late = error.code == std::errc::timed_out;
    send_u32(FrameType::rst_stream, stream.id, static_cast<std::uint32_t>(too_late ? ErrorCode::cancel : ErrorCode::internal_error));
    close(stream, true);
}

// Octets of a request's content were read: the peer may send as many again. It is told when that is worth a frame.
void Session::credit(Stream& stream, std::size_t bytes) {
    stream.unacknowledged_ += static_cast<std::int64_t>(bytes);
    if (!stream.open_ || stream.request_ended_ || stream.unacknowledged_ < stream.content_window_ / 2) return;
    send_u32(FrameType::window_update, stream.id, static_cast<std::uint32_t>(stream.unacknowledged_));
    stream.receive_window_ += std::exchange(stream.unacknowledged_, 0);
}

void Session::widen_window(Stream& stream) {
    if (stream.content_window_ >= wide_window || stream.request_ended_) return;
    stream.unacknowledged_ += wide_window - std::exchange(stream.content_window_, wide_window);
    credit(stream, 0);
}

}  // namespace webserv::h2
