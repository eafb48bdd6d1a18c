// h2/session_receive.cpp: frames that come, each checked as RFC 9113 section 6 says: what is wrong ends its stream or the connection.
// What is right but of no use is counted (see Allowance).
#include <algorithm>
#include <cstring>

#include "h2/session.hpp"

namespace webserv::h2 {
namespace {

// A field block in more fragments than this was cut up to cost us something.
constexpr unsigned block_fragments_max = 64;

// What HPACK makes of a head may be smaller than the head, hardly larger; and a peer may well not know our bound.
constexpr std::size_t block_bytes_factor = 2;

// The connection's window is filled up when so much of it is used.
constexpr std::int64_t low_connection_window = window_max / 2;

// Frames whose length or place is wrong, whatever they hold.
bool has_wrong_length(const FrameHead& head) noexcept {
    switch (head.type) {
        case FrameType::rst_stream:
        case FrameType::window_update:
            return head.length != 4;
        case FrameType::ping:
            return head.length != 8;
        case FrameType::goaway:
            return head.length < 8;
        case FrameType::settings:
            return head.has(flag::ack) ? head.length != 0 : head.length % 6 != 0;
        case FrameType::priority_update:
            return head.length < 4;
        default:
            return false;
    }
}

bool is_about_connection(FrameType type) noexcept {
    return type == FrameType::settings || type == FrameType::ping || type == FrameType::goaway || type == FrameType::priority_update;
}

bool is_about_stream(FrameType type) noexcept {
    return type == FrameType::data || type == FrameType::headers || type == FrameType::priority || type == FrameType::rst_stream ||
           type == FrameType::continuation;
}

}  // namespace

void Session::receive(std::string_view octets) {
    if (ended_) return;
    if (partial_.empty()) {
        const std::size_t taken = take_frames(octets);
        if (!ended_) partial_.assign(octets.substr(taken));
        return;
    }
    // The frame that was cut is completed, and nothing more than it is copied.
    while (!partial_.empty() && !octets.empty() && !ended_) {
        std::size_t wanted = greeted_ ? frame_head_bytes : preface.size();
        if (greeted_ && partial_.size() >= frame_head_bytes) wanted += read_frame_head(partial_.data()).length;
        const std::string_view more = octets.substr(0, wanted - partial_.size());
        partial_.append(more);
        octets.remove_prefix(more.size());
        std::string whole = std::exchange(partial_, {});
        if (take_frames(whole) == 0 && !ended_) partial_ = std::move(whole);
    }
    if (!octets.empty() && !ended_) receive(octets);
}

// @return the octets of whole frames
std::size_t Session::take_frames(std::string_view octets) {
    std::size_t taken = 0;
    if (!greeted_) {
        const std::string_view begin = octets.substr(0, preface.size());
        if (!preface.starts_with(begin)) {
            connection_error(ErrorCode::protocol_error, "client sent invalid preface");
            return 0;
        }
        if (begin.size() < preface.size()) return 0;
        greeted_ = true;
        taken = preface.size();
    }
    while (!ended_ && octets.size() - taken >= frame_head_bytes) {
        const FrameHead head = read_frame_head(octets.data() + taken);
        if (head.length > frame_bytes_max) {
            connection_error(ErrorCode::frame_size_error, "client sent too large frame");
            break;
        }
        if (octets.size() - taken - frame_head_bytes < head.length) break;
        take_frame(head, octets.substr(taken + frame_head_bytes, head.length));
        taken += frame_head_bytes + head.length;
    }
    return taken;
}

bool Session::is_allowed_now(const FrameHead& head) {
    const bool continues = head.type == FrameType::continuation && head.stream == block_stream_;
    if (!heard_settings_ && (head.type != FrameType::settings || head.has(flag::ack))) {
        connection_error(ErrorCode::protocol_error, "client sent another frame before SETTINGS");
    } else if (block_stream_ != 0 ? !continues : head.type == FrameType::continuation) {
        connection_error(ErrorCode::protocol_error, "client sent CONTINUATION, or not, where it must not");
    } else if ((is_about_connection(head.type) && head.stream != 0) || (is_about_stream(head.type) && head.stream == 0)) {
        connection_error(ErrorCode::protocol_error, "client sent frame with incorrect identifier");
    } else if (has_wrong_length(head)) {
        connection_error(ErrorCode::frame_size_error, "client sent frame with incorrect length");
    }
    return !ended_;
}

void Session::take_frame(const FrameHead& head, std::string_view payload) {
    if (!is_allowed_now(head)) return;
    switch (head.type) {
        case FrameType::data:
            return take_data(head, payload);
        case FrameType::headers:
            return take_headers(head, payload);
        case FrameType::priority:
            return take_priority(head, payload);
        case FrameType::rst_stream:
            return take_reset(head, payload);
        case FrameType::settings:
            return take_settings(head, payload);
        case FrameType::push_promise:
            return connection_error(ErrorCode::protocol_error, "client sent PUSH_PROMISE frame");
        case FrameType::ping:
            return take_ping(head, payload);
        case FrameType::goaway:
            return take_goaway(head, payload);
        case FrameType::window_update:
            return take_window_update(head, payload);
        case FrameType::continuation:
            return take_continuation(head, payload);
        case FrameType::priority_update:
            return take_priority_update(head, payload);
    }
    spend(cost::ignored_frame, "client floods us with unknown frames");
}

bool Session::remove_padding(const FrameHead& head, std::string_view& payload) {
    if (!head.has(flag::padded)) return true;
    const std::size_t padding = payload.empty() ? 0 : static_cast<unsigned char>(payload.front());
    if (padding >= payload.size()) {
        connection_error(ErrorCode::protocol_error, "client sent frame with too much padding");
        return false;
    }
    payload = payload.substr(1, payload.size() - 1 - padding);
    return true;
}

void Session::take_data(const FrameHead& head, std::string_view payload) {
    if (is_idle(head.stream)) return connection_error(ErrorCode::protocol_error, "client sent DATA frame for idle stream");
    receive_window_ -= head.length;
    if (receive_window_ < 0) return connection_error(ErrorCode::flow_control_error, "client violated connection flow control");
    if (receive_window_ < low_connection_window) {
        send_u32(FrameType::window_update, 0, static_cast<std::uint32_t>(window_max - receive_window_));
        receive_window_ = window_max;
    }
    if (!remove_padding(head, payload)) return;
    Stream* const stream = find(head.stream);
    if (stream == nullptr) return (void)may_be_late(head.stream, "client sent DATA frame for closed stream");
    if (stream->request_ended_) {
        spend(cost::stream_error, "client sends on streams that it has closed");
        return ended_ ? void() : stream_error(head.stream, ErrorCode::stream_closed);
    }
    stream->receive_window_ -= head.length;
    if (stream->receive_window_ < 0) {
        spend(cost::stream_error, "client violates flow control");
        return ended_ ? void() : stream_error(head.stream, ErrorCode::flow_control_error);
    }
    stream->request_bytes += frame_head_bytes + head.length;
    if (payload.empty() && !head.has(flag::end_stream)) spend(cost::empty_frame, "client floods us with empty frames");
    if (ended_) return;
    stream->unacknowledged_ += static_cast<std::int64_t>(head.length - payload.size());  // padding is read at once
    stream->content.add(payload);
    const bool too_much = stream->content.received_ > stream->request.content_length.value_or(UINT64_MAX);
    if (head.has(flag::end_stream) || too_much) request_ends(*stream);
}

// All of the content has come; it must have been what was announced (section 8.1.1).
void Session::request_ends(Stream& stream) {
    if (stream.request.content_length.value_or(stream.content.received_) != stream.content.received_) {
        spend(cost::stream_error, "client sends other content than it announces");
        return ended_ ? void() : stream_error(stream.id, ErrorCode::protocol_error);
    }
    stream.request_ended_ = true;
    stream.content.ended_ = true;
    stream.wake(stream.reading_);
}

void Session::take_headers(const FrameHead& head, std::string_view payload) {
    if (head.stream % 2 == 0) return connection_error(ErrorCode::protocol_error, "client sent HEADERS frame with incorrect identifier");
    if (!remove_padding(head, payload)) return;
    if (head.has(flag::priority)) {  // which RFC 9113 has deprecated
        if (payload.size() < 5) return connection_error(ErrorCode::frame_size_error, "client sent too short HEADERS frame");
        payload.remove_prefix(5);
    }
    if (head.has(flag::end_headers)) return take_block(head.stream, payload, head.has(flag::end_stream));
    block_.assign(payload);
    block_stream_ = head.stream;
    block_ends_stream_ = head.has(flag::end_stream);
    block_fragments_ = 1;
}

void Session::take_continuation(const FrameHead& head, std::string_view payload) {
    ++block_fragments_;
    if (block_fragments_ > block_fragments_max || block_.size() + payload.size() > block_bytes_factor * limits_.head.bytes_max) {
        return connection_error(ErrorCode::enhance_your_calm, "client sent too large header block");
    }
    if (payload.empty() && !head.has(flag::end_headers)) spend(cost::empty_frame, "client floods us with empty frames");
    if (ended_) return;
    block_.append(payload);
    if (!head.has(flag::end_headers)) return;
    const std::string block = std::exchange(block_, {});
    take_block(std::exchange(block_stream_, 0), block, block_ends_stream_);
}

void Session::take_block(std::uint32_t number, std::string_view block, bool ends_stream) {
    if (number > newest_stream_) return take_request(number, block, ends_stream);
    Stream* const stream = find(number);
    if (stream == nullptr) return may_be_late(number, "client sent HEADERS frame for closed stream") ? skip_block(block) : void();
    if (!stream->request_ended_) return take_trailers(*stream, block, ends_stream);
    spend(cost::stream_error, "client sends on streams that it has closed");
    if (ended_) return;
    stream_error(number, ErrorCode::stream_closed);
    skip_block(block);
}

// The coder of fields has a state that all blocks of a connection change, wanted or not.
void Session::skip_block(std::string_view block) {
    std::size_t bytes = 0;
    const auto outcome = decoder_.decode(block, [&](std::string_view name, std::string_view value) {
        bytes += name.size() + value.size();
        return bytes <= 8 * limits_.head.bytes_max;
    });
    if (outcome == FieldDecoder::Outcome::malformed) connection_error(ErrorCode::compression_error, "client sent invalid header block");
    if (outcome == FieldDecoder::Outcome::stopped) connection_error(ErrorCode::enhance_your_calm, "client sent too large header list");
}

void Session::take_request(std::uint32_t number, std::string_view block, bool ends_stream) {
    newest_stream_ = number;
    if (number > last_stream_) {  // we have said that we would take none of these, nor what else belongs to them (section 6.8)
        remember_closed(number, true);
        spend(cost::refused_stream, "client goes on opening streams");
        return ended_ ? void() : skip_block(block);
    }
    if (streams_ >= limits_.concurrent_streams) {
        spend(cost::refused_stream, "client opens more streams than it may");
        if (!ended_) stream_error(number, ErrorCode::refused_stream);
        return ended_ ? void() : skip_block(block);
    }
    // Until it has acknowledged ours, a peer goes by the default.
    const std::int64_t window = own_settings_hold_ ? limits_.content_window : default_window;
    auto* const stream = new Stream{*this, number, loop.now(), peer_initial_window_, window};
    Stream*& place = table_[number / 2 % table_.size()];
    stream->next_in_table_ = std::exchange(place, stream);
    ++streams_;
    (first_arrived_ == nullptr ? first_arrived_ : last_arrived_->next_arrived_) = stream;
    last_arrived_ = stream;

    stream->request_bytes = frame_head_bytes + block.size();
    RequestHead request{stream->request, stream->arena, limits_.head};
    const auto outcome = decoder_.decode(block, [&](std::string_view name, std::string_view value) { return request.take(name, value); });
    if (outcome == FieldDecoder::Outcome::malformed)
        return connection_error(ErrorCode::compression_error, "client sent invalid header block");
    if (outcome == FieldDecoder::Outcome::stopped)
        return connection_error(ErrorCode::enhance_your_calm, "client sent too large header list");
    stream->priority = request.priority().empty() ? take_early_priority(number) : parse_priority(request.priority());
    const RequestHead::Verdict verdict = request.finish(ends_stream);
    stream->refusal = request.status();
    stream->complaint = request.complaint();
    if (ends_stream) stream->request_ended_ = stream->content.ended_ = true;
    if (verdict != RequestHead::Verdict::malformed) return;
    spend(cost::stream_error, "client sends malformed requests");
    if (!ended_) stream_error(number, ErrorCode::protocol_error);
}

void Session::take_trailers(Stream& stream, std::string_view block, bool ends_stream) {
    std::size_t bytes = 0;
    std::string_view complaint = ends_stream ? std::string_view{} : "client sent trailers that end nothing";
    stream.request_bytes += frame_head_bytes + block.size();
    const auto outcome = decoder_.decode(block, [&](std::string_view name, std::string_view value) {
        if (complaint.empty()) complaint = complaint_about_trailer(name, value);
        bytes += name.size() + value.size();
        return bytes <= limits_.head.bytes_max;
    });
    if (outcome == FieldDecoder::Outcome::malformed)
        return connection_error(ErrorCode::compression_error, "client sent invalid header block");
    if (outcome == FieldDecoder::Outcome::stopped)
        return connection_error(ErrorCode::enhance_your_calm, "client sent too large header list");
    if (complaint.empty()) return request_ends(stream);
    spend(cost::stream_error, "client sends malformed trailers");
    if (!ended_) stream_error(stream.id, ErrorCode::protocol_error);
}

void Session::take_priority(const FrameHead& head, std::string_view payload) {
    if (payload.size() != 5 && !is_idle(head.stream)) {
        spend(cost::stream_error, "client sends PRIORITY frames with incorrect length");
        if (!ended_ && find(head.stream) != nullptr) stream_error(head.stream, ErrorCode::frame_size_error);
        return;
    }
    if (payload.size() != 5) return connection_error(ErrorCode::frame_size_error, "client sent PRIORITY frame with incorrect length");
    spend(cost::ignored_frame, "client floods us with PRIORITY frames");
}

void Session::take_priority_update(const FrameHead&, std::string_view payload) {
    const std::uint32_t number = read_u32(payload.data()) & stream_id_max;
    if (number % 2 == 0) return connection_error(ErrorCode::protocol_error, "client sent PRIORITY_UPDATE frame for no request");
    spend(cost::ignored_frame, "client floods us with PRIORITY_UPDATE frames");
    if (ended_) return;
    const Priority priority = parse_priority(payload.substr(4));
    if (Stream* const stream = find(number)) {
        ready_.change(*stream, priority);
    } else if (number > newest_stream_) {
        early_[next_early_++ % early_.size()] = {number, priority};
    }
}

void Session::take_reset(const FrameHead& head, std::string_view) {
    if (is_idle(head.stream)) return connection_error(ErrorCode::protocol_error, "client sent RST_STREAM frame for idle stream");
    Stream* const stream = find(head.stream);
    if (stream != nullptr) close(*stream, true);
    spend(stream != nullptr ? cost::cancelled_stream : cost::ignored_frame, "client resets too many streams");
}

void Session::take_settings(const FrameHead& head, std::string_view payload) {
    if (head.has(flag::ack)) return own_settings_hold();
    spend(cost::settings + static_cast<std::int32_t>(payload.size() / 6), "client floods us with SETTINGS frames");
    if (ended_) return;
    heard_settings_ = true;
    for (; !payload.empty(); payload.remove_prefix(6)) {
        if (!take_setting(static_cast<Setting>(read_u16(payload.data())), read_u32(payload.data() + 2))) return;
    }
    send_frame({.type = FrameType::settings, .flags = flag::ack}, {});
}

bool Session::take_setting(Setting setting, std::uint32_t value) {
    switch (setting) {
        case Setting::header_table_size:
            encoder_.set_table_bytes_max(std::min<std::uint32_t>(value, 4096));
            break;
        case Setting::enable_push:
        case Setting::no_rfc7540_priorities:
            if (value > 1) connection_error(ErrorCode::protocol_error, "client sent SETTINGS frame with incorrect value");
            break;
        case Setting::initial_window_size: {
            if (value > window_max) {
                connection_error(ErrorCode::flow_control_error, "client sent SETTINGS frame with incorrect INITIAL_WINDOW_SIZE");
                break;
            }
            const std::int64_t change = value - std::exchange(peer_initial_window_, value);
            for (Stream* const first : table_) {
                for (Stream* stream = first; stream != nullptr; stream = stream->next_in_table_) {
                    stream->send_window_ += change;
                    if (stream->send_window_ > window_max) {
                        connection_error(ErrorCode::flow_control_error, "client sent SETTINGS frame with too large INITIAL_WINDOW_SIZE");
                        return false;
                    }
                    if (stream->response_begun_) settle(*stream);
                }
            }
            break;
        }
        case Setting::max_frame_size:
            if (value < frame_bytes_max || value > 0xff'ffff) {
                connection_error(ErrorCode::protocol_error, "client sent SETTINGS frame with incorrect MAX_FRAME_SIZE");
            }
            break;
        default:
            break;
    }
    return !ended_;
}

// Our SETTINGS are known to the peer: from now on its streams have the window that they say.
void Session::own_settings_hold() {
    if (own_settings_hold_) return spend(cost::settings, "client floods us with SETTINGS frames");
    own_settings_hold_ = true;
    for (Stream* const first : table_) {
        for (Stream* stream = first; stream != nullptr; stream = stream->next_in_table_) {
            stream->receive_window_ += limits_.content_window - default_window;
        }
    }
}

void Session::take_ping(const FrameHead& head, std::string_view payload) {
    if (head.has(flag::ack)) {
        if (announced_end_ && last_stream_ == stream_id_max && payload == "shutdown") return end();
        return spend(cost::ignored_frame, "client answers PING frames that nobody has sent");
    }
    spend(cost::ping, "client floods us with PING frames");
    if (!ended_) send_frame({.length = 8, .type = FrameType::ping, .flags = flag::ack}, payload);
}

void Session::take_goaway(const FrameHead&, std::string_view) {
    peer_leaves_ = true;
    spend(cost::ignored_frame, "client floods us with GOAWAY frames");
    wake_writer();
}

void Session::take_window_update(const FrameHead& head, std::string_view payload) {
    const std::int64_t increment = read_u32(payload.data()) & stream_id_max;
    spend(cost::window_update, "client floods us with WINDOW_UPDATE frames");
    if (ended_) return;
    if (head.stream == 0) {
        if (increment == 0)
            return connection_error(ErrorCode::protocol_error, "client sent WINDOW_UPDATE frame with incorrect window increment");
        send_window_ += increment;
        if (send_window_ > window_max) return connection_error(ErrorCode::flow_control_error, "client violated connection flow control");
        return wake_writer();
    }
    if (is_idle(head.stream)) return connection_error(ErrorCode::protocol_error, "client sent WINDOW_UPDATE frame for idle stream");
    Stream* const stream = find(head.stream);
    if (stream == nullptr) return;  // it may be late (section 5.1)
    stream->send_window_ += increment;
    if (increment == 0 || stream->send_window_ > window_max) {
        spend(cost::stream_error, "client sends WINDOW_UPDATE frames with incorrect increment");
        if (!ended_) stream_error(head.stream, increment == 0 ? ErrorCode::protocol_error : ErrorCode::flow_control_error);
        return;
    }
    if (stream->response_begun_) settle(*stream);
}

}  // namespace webserv::h2
