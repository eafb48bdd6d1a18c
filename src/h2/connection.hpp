// h2/connection.hpp: a session on a stream: one coroutine reads frames, one writes what has gathered by the end of the loop's turn.
// Requests are handed to whoever answers them; each is answered by a task of its own.
#pragma once

#include <chrono>
#include <string_view>

#include "base/result.hpp"
#include "base/task.hpp"
#include "h2/session.hpp"
#include "io/loop.hpp"
#include "io/scope.hpp"
#include "io/stream.hpp"
#include "io/timers.hpp"

namespace webserv::h2 {

/// Nginx's directives of the same names.
struct Timing {
    std::chrono::milliseconds client_header_timeout{60'000};  ///< for the preface, and for a head that has begun
    std::chrono::milliseconds keepalive_timeout{75'000};      ///< for a connection without streams
    std::chrono::milliseconds send_timeout{60'000};
    std::chrono::milliseconds lingering_timeout{5'000};  ///< for the peer to close after we have
    std::size_t receive_bytes = 256U << 10;              ///< http2_recv_buffer_size: read at once
};

/// Who answers requests, and wants to know when there are none.
class Answerer {
public:
    /// Has to end with Connection::release(stream).
    virtual Task<> answer(Stream& stream) = 0;
    /// @param announced  the kernel has told of them in this turn of the loop, so they were sent before it began
    virtual void octets_come(bool announced) = 0;
    virtual void idle_begins() = 0;
    virtual void idle_ends() = 0;
    /// Nothing more will be said; session.error() tells why, `timed_out` that the peer took nothing for send_timeout.
    virtual void ends(bool timed_out) = 0;

protected:
    ~Answerer() = default;
};

class Connection final : private io::Timer {
public:
    Connection(io::Stream& stream, io::Loop& loop, Answerer& answerer, const Limits& limits, const Timing& timing);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() override;

    /// The whole life of the connection. @param octets  that somebody else has read already
    Task<> run(std::string_view octets);
    /// The answer to a request is complete, or will never be.
    void release(Stream& stream);
    /// Takes no more requests than those that may be on their way, and ends when they are answered.
    void shut_down();

    Session session;

private:
    Task<> read_frames();
    Task<> write_frames();
    void take(std::string_view octets);
    [[nodiscard]] bool is_finished() const noexcept { return session.has_ended() || (session.takes_no_more() && session.streams() == 0); }
    void finish(bool timed_out);
    void hurry(io::Deadline deadline);
    void expired() override;
    [[nodiscard]] io::Deadline due() const noexcept;
    [[nodiscard]] io::Deadline next_look() const noexcept;

    io::Stream& stream_;
    io::Loop& loop_;
    Answerer& answerer_;
    const Timing timing_;
    io::Scope scope_;                 // of the writer and of the tasks that answer
    std::coroutine_handle<> reader_;  // waits for the output to become shorter
    io::TimePoint idle_since_;        // each of these three counts while its state lasts
    io::TimePoint announced_;
    io::TimePoint finished_since_;
    bool idle_ = true;
    bool finished_ = false;  // we have said all: the peer may still read it
};

}  // namespace webserv::h2
