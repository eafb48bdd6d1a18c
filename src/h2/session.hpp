// h2/session.hpp: HTTP/2 as a server speaks it (RFC 9113): octets in, streams out of them; responses in, octets out of them.
// No I/O: whoever owns it reads for it and writes its output. Never calls upward.
#pragma once

#include <array>
#include <coroutine>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "h2/allowance.hpp"
#include "h2/frame.hpp"
#include "h2/hpack.hpp"
#include "h2/output.hpp"
#include "h2/priority.hpp"
#include "h2/request_head.hpp"
#include "h2/stream.hpp"
#include "io/loop.hpp"

namespace webserv::h2 {

struct Limits {
    HeadLimits head;
    std::uint32_t concurrent_streams = 128;  ///< http2_max_concurrent_streams
    std::int64_t content_window = 65'536;    ///< http2_body_preread_size: what a stream may send before it is asked for
};

class Session {
public:
    Session(io::Loop& loop_of_session, const Limits& limits);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();  ///< no stream may be in use any more

    io::Loop& loop;
    Output output;

    /// What the peer has sent, its preface first. After has_ended() it is dropped.
    void receive(std::string_view octets);
    /// Whether a frame, or a field block, has begun and not ended.
    [[nodiscard]] bool is_within_frame() const noexcept { return !partial_.empty() || block_stream_ != 0 || !heard_settings_; }
    /// Requests in the order of their arrival, to be answered and released. Null: there are no more.
    [[nodiscard]] Stream* take_arrived();
    void release(Stream& stream);

    /// Appends content of ready streams to the output until it is full.
    void produce();

    /// Streams that exist: of requests that are not answered yet, and whose answering goes on although they have ended.
    [[nodiscard]] std::uint32_t streams() const noexcept { return streams_; }

    /// Announces the end: what is on its way is still taken, until the peer has heard of it (RFC 9113 section 6.8).
    void announce_end();
    [[nodiscard]] bool has_announced_end() const noexcept { return announced_end_; }
    /// GOAWAY: no further stream is taken, those that are here are answered.
    void end();
    /// The connection is over: all streams end, and nothing more is said.
    void abort();
    [[nodiscard]] bool has_ended() const noexcept { return ended_; }  ///< nothing is taken any more, nothing will be answered
    [[nodiscard]] bool takes_no_more() const noexcept { return ended_ || last_stream_ < stream_id_max || peer_leaves_; }
    [[nodiscard]] ErrorCode error() const noexcept { return error_; }            ///< why it has ended
    [[nodiscard]] const char* complaint() const noexcept { return complaint_; }  ///< ... in words; empty: the peer is not to blame

    /// Resumes when there is something to send, or the session has ended. One waiter.
    struct Wait {
        Session& session;
        std::coroutine_handle<>& waiter;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> handle) const noexcept { waiter = handle; }
        void await_resume() const noexcept {}
    };
    [[nodiscard]] Wait something_to_send() noexcept { return {*this, writer_}; }
    /// Wakes that waiter, at the end of the turn of the loop.
    void wake_writer();

private:
    friend class Stream;
    friend class RequestContent;

    // Frames that come.
    [[nodiscard]] std::size_t take_frames(std::string_view octets);
    void take_frame(const FrameHead& head, std::string_view payload);
    [[nodiscard]] bool is_allowed_now(const FrameHead& head);
    void take_data(const FrameHead& head, std::string_view payload);
    void take_headers(const FrameHead& head, std::string_view payload);
    void take_continuation(const FrameHead& head, std::string_view payload);
    void take_block(std::uint32_t number, std::string_view block, bool ends_stream);
    void take_request(std::uint32_t number, std::string_view block, bool ends_stream);
    void take_trailers(Stream& stream, std::string_view block, bool ends_stream);
    void skip_block(std::string_view block);
    void take_priority(const FrameHead& head, std::string_view payload);
    void take_priority_update(const FrameHead& head, std::string_view payload);
    void take_reset(const FrameHead& head, std::string_view payload);
    void take_settings(const FrameHead& head, std::string_view payload);
    [[nodiscard]] bool take_setting(Setting setting, std::uint32_t value);
    void take_ping(const FrameHead& head, std::string_view payload);
    void take_goaway(const FrameHead& head, std::string_view payload);
    void take_window_update(const FrameHead& head, std::string_view payload);
    void own_settings_hold();
    [[nodiscard]] bool remove_padding(const FrameHead& head, std::string_view& payload);
    void request_ends(Stream& stream);

    // Streams.
    [[nodiscard]] Stream* find(std::uint32_t number) const noexcept;
    [[nodiscard]] bool is_idle(std::uint32_t number) const noexcept { return number > newest_stream_ || number % 2 == 0; }
    /// A frame on a stream that has ended: those that we have reset may get some more. @return false: the connection has ended
    bool may_be_late(std::uint32_t number, const char* complaint);
    void close(Stream& stream, bool by_reset);
    void remember_closed(std::uint32_t number, bool by_reset) noexcept { closed_[next_closed_++ % closed_.size()] = {number, by_reset}; }
    void stream_error(std::uint32_t number, ErrorCode code);
    void connection_error(ErrorCode code, const char* complaint);
    void spend(std::int32_t amount, const char* complaint);
    [[nodiscard]] Priority take_early_priority(std::uint32_t number) noexcept;

    // Frames that go; used by streams too.
    void settle(Stream& stream);
    void send_settings();
    void send_frame(const FrameHead& head, std::string_view payload);
    void send_u32(FrameType type, std::uint32_t stream, std::uint32_t value);
    void send_goaway(std::uint32_t last, ErrorCode code, std::string_view complaint);
    void send_lines(Stream& stream, std::span<const http::FieldLine> lines, bool ends_stream);
    void send_response_head(Stream& stream, const http::Response& response, std::string_view date, bool ends_stream);
    void send_continue(Stream& stream);
    /// Content that is at hand, as long as there is room for it. Elsewhere streams send in turn.
    void send_content(Stream& stream);
    bool send_data(Stream& stream);
    void add_data_frames(Stream& stream, std::size_t bytes, bool ends_stream);
    void send_trailers(Stream& stream);
    void end_content(Stream& stream);
    void fail_content(Stream& stream, const Error& error);
    void credit(Stream& stream, std::size_t bytes);
    /// The content is wanted: from now on the peer may send more of it than before anybody has asked.
    void widen_window(Stream& stream);

    Limits limits_;
    FieldEncoder encoder_;
    FieldDecoder decoder_;
    Allowance allowance_;
    ReadyStreams ready_;
    std::coroutine_handle<> writer_;

    std::string partial_;   // octets of a frame that has not come whole
    bool greeted_ = false;  // the preface has come
    bool heard_settings_ = false;
    bool own_settings_hold_ = false;  // the peer has acknowledged them
    bool announced_end_ = false;
    bool peer_leaves_ = false;  // it has sent GOAWAY
    bool ended_ = false;
    ErrorCode error_ = ErrorCode::no_error;
    const char* complaint_ = "";

    std::string block_;               // field block whose end has not come
    std::uint32_t block_stream_ = 0;  // ... and its stream; 0: there is none
    bool block_ends_stream_ = false;
    unsigned block_fragments_ = 0;

    std::array<Stream*, 64> table_{};  // by number; streams of one place are linked
    std::uint32_t streams_ = 0;
    Stream* first_arrived_ = nullptr;
    Stream* last_arrived_ = nullptr;
    std::uint32_t newest_stream_ = 0;
    std::uint32_t last_stream_ = stream_id_max;  // beyond it we take none
    struct Closed {
        std::uint32_t number = 0;
        bool by_reset = false;
    };
    std::vector<Closed> closed_;  // those that have ended last
    std::size_t next_closed_ = 0;
    struct EarlyPriority {
        std::uint32_t number = 0;
        Priority priority;
    };
    std::array<EarlyPriority, 8> early_{};  // PRIORITY_UPDATE may come before its stream
    std::size_t next_early_ = 0;

    std::uint64_t content_bytes_ = 0;  // of all streams, sent so far
    std::int64_t send_window_ = default_window;
    std::int64_t receive_window_ = default_window;
    std::int64_t peer_initial_window_ = default_window;
};

}  // namespace webserv::h2
