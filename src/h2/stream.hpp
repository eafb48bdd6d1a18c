// h2/stream.hpp: one stream of a session: a request that has come, its content as it comes, and the response as it leaves.
// Whoever answers it waits here; the session decides when frames leave.
#pragma once

#include <sys/uio.h>

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/arena.hpp"
#include "base/frame_pool.hpp"
#include "base/task.hpp"
#include "h2/frame.hpp"
#include "h2/priority.hpp"
#include "http/message.hpp"
#include "io/source.hpp"
#include "io/timers.hpp"

namespace webserv::h2 {

class Session;
class Stream;

/// The content of a request, as its frames come in. At most a window of it is kept; the peer is told to go on as it is read.
class RequestContent final : public io::Source {
public:
    explicit RequestContent(Stream& stream) noexcept : stream_{stream} {}

    [[nodiscard]] std::optional<std::uint64_t> length() const override;
    /// Errors: timed_out; connection_reset; file_too_large beyond what limit() has said; operation_canceled.
    Task<Result<io::Piece>> next(std::uint64_t bytes_max) override;
    void cancel() override { fail(std::errc::operation_canceled); }

    void limit(std::uint64_t bytes_max, std::chrono::milliseconds patience) noexcept;

private:
    friend class Session;
    friend class Stream;
    void add(std::string_view bytes);
    void fail(std::errc code) noexcept;

    Stream& stream_;
    std::string arriving_;
    std::string handed_out_;  // what next() gives views of
    std::size_t taken_ = 0;   // ... of which so much was given
    std::uint64_t received_ = 0;
    std::uint64_t bytes_max_ = 0;
    std::chrono::milliseconds patience_ = std::chrono::seconds{60};  // client_body_timeout's default
    bool ended_ = false;
    std::optional<std::errc> error_;
};

/// How a response is to be sent.
struct Sending {
    std::string_view date;
    bool has_content = true;  ///< off: the head is all (HEAD, 304)
    std::chrono::milliseconds patience{};
    std::size_t frame_bytes_max = h2::frame_bytes_max;
};

class Stream final : public Ready, private io::Timer {
public:
    Stream(Session& session, std::uint32_t number, io::TimePoint first_octet, std::int64_t send_window, std::int64_t receive_window);
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream() override;

    static void* operator new(std::size_t bytes) { return frame_pool::allocate(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept { frame_pool::release(memory, bytes); }

    const io::TimePoint began;
    Arena arena;
    http::Request request{arena};
    int refusal = 0;             ///< not 0: the head is to be answered with this status ...
    std::string_view complaint;  ///< ... because of this
    std::uint64_t request_bytes = 0;
    RequestContent content{*this};

    /// Writes head and content; waits until the last octet has been handed to the connection's output. `content` may be null.
    Task<http::Sent> write_response(const http::Response& response, const Sending& sending, io::Source* source);
    /// RST_STREAM, unless the stream has ended.
    void reset(ErrorCode code);

private:
    friend class Session;
    friend class RequestContent;

    /// What a stream has to send next.
    enum class Supply : unsigned char {
        octets,  ///< so many were copied, more may follow
        last,    ///< so many were copied, and they are the last
        later,   ///< the source has to be waited for
        failed,  ///< the source has failed, or ended early
    };
    struct Portion {
        Supply supply;
        std::size_t bytes = 0;
    };
    /// Copies what is at hand to these places, one after the other; their lengths change.
    Portion take(std::span<iovec> places);
    [[nodiscard]] bool next_piece();
    [[nodiscard]] std::size_t read_file(std::span<const iovec> places);
    [[nodiscard]] std::size_t copy_bytes(std::span<const iovec> places);

    struct Side {
        std::coroutine_handle<> waiter;
        io::Deadline deadline = io::never;
        bool timed_out = false;
    };
    struct Wait {
        Stream& stream;
        Side& side;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> waiter) noexcept;
        [[nodiscard]] bool await_resume() const noexcept { return !side.timed_out; }  ///< false: the deadline has passed
    };
    [[nodiscard]] Wait wait(Side& side, io::Deadline deadline) noexcept;
    void wake(Side& side);
    void expired() override;
    Task<Result<>> send_content(std::chrono::milliseconds patience);

    Session& session_;
    Stream* next_in_table_ = nullptr;
    Stream* next_arrived_ = nullptr;
    Side reading_, writing_;

    std::int64_t send_window_;
    std::int64_t receive_window_;
    std::int64_t unacknowledged_ = 0;  // octets that were read, and of which the peer was not told yet
    std::int64_t content_window_;      // what the peer may send before any of it is read
    bool open_ = true;                 // frames may come and go
    bool in_use_ = false;              // by whoever answers it
    bool request_ended_ = false;
    bool response_begun_ = false;
    bool response_ended_ = false;
    bool continue_sent_ = false;

    io::Source* source_ = nullptr;
    http::TrailerSource* trailers_ = nullptr;
    std::uint64_t left_ = 0;  // of the content's announced length
    bool length_known_ = false;
    bool wants_piece_ = false;  // nothing is at hand: whoever writes the response has to wait for the source
    io::Piece piece_;
    std::optional<Error> failure_;
    std::size_t chunk_bytes_ = frame_bytes_max;
    std::uint64_t bytes_sent_ = 0;
    std::uint64_t content_bytes_sent_ = 0;
};

}  // namespace webserv::h2
