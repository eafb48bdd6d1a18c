// h2/connection.cpp: reading, writing, and the time that both may take.
// A peer that does not read what it asked for is not listened to: so nothing grows without bound.
#include "h2/connection.hpp"

#include <sys/uio.h>

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

namespace webserv::h2 {
namespace {

// After GOAWAY has announced the end, requests that were on their way arrive within a round trip. Whoever does not tell that it has
// heard of it is given no more than this.
constexpr std::chrono::seconds farewell_max{1};

// The present read of the thread: what comes is taken in at once, so that no connection needs a buffer of its own.
std::span<char> receive_buffer(std::size_t bytes) {
    thread_local std::unique_ptr<char[]> memory;
    thread_local std::size_t capacity = 0;
    if (capacity < bytes) {
        memory.reset(new char[bytes]);
        capacity = bytes;
    }
    return {memory.get(), bytes};
}

}  // namespace

Connection::Connection(io::Stream& stream, io::Loop& loop, Answerer& answerer, const Limits& limits, const Timing& timing)
    : session{loop, limits}, stream_{stream}, loop_{loop}, answerer_{answerer}, timing_{timing}, idle_since_{loop.now()} {}

Connection::~Connection() { loop_.timers().disarm(*this); }

Task<> Connection::run(std::string_view octets) {
    hurry(next_look());
    answerer_.idle_begins();
    answerer_.octets_come(false);
    take(octets);
    scope_.spawn(write_frames());
    co_await read_frames();
    session.abort();
    stream_.cancel();  // the writer need not wait any more
    co_await scope_.finished();
    if (idle_) answerer_.idle_ends();
}

void Connection::take(std::string_view octets) {
    session.receive(octets);
    while (Stream* const stream = session.take_arrived()) {
        if (std::exchange(idle_, false)) answerer_.idle_ends();
        scope_.spawn(answerer_.answer(*stream));
    }
    if (is_finished()) session.wake_writer();
}

Task<> Connection::read_frames() {
    for (io::Readiness needed = io::Readiness::readable;;) {
        if (session.output.size() > 2 * Output::high_water_bytes && !session.has_ended()) {
            co_await Session::Wait{session, reader_};
            continue;
        }
        const std::uint32_t turn = loop_.turns();
        const auto ready = co_await stream_.ready(needed, io::never);
        if (!ready) {
            session.end();  // we are told to stop: said if it can be said at once
            co_return;
        }
        const std::span<char> buffer = receive_buffer(timing_.receive_bytes);
        const auto attempt = stream_.try_read(buffer);
        if (!attempt) co_return;
        needed = io::Readiness::readable;
        if (attempt->blocked_on != io::Readiness::none) {
            needed = attempt->blocked_on;
        } else if (attempt->count == 0) {
            co_return;
        } else {
            answerer_.octets_come(turn != loop_.turns());
            take({buffer.data(), attempt->count});
        }
    }
}

Task<> Connection::write_frames() {
    io::Deadline deadline = io::never;
    bool timed_out = false;
    for (;;) {
        session.produce();
        if (session.output.empty()) {
            if (is_finished()) break;
            deadline = io::never;
            co_await session.something_to_send();
            continue;
        }
        if (deadline == io::never) deadline = io::deadline_after(loop_.now(), timing_.send_timeout);
        const std::string_view pending = session.output.pending();
        const iovec part{const_cast<char*>(pending.data()), pending.size()};  // it is only read
        const auto attempt = stream_.try_write({&part, 1});
        if (!attempt) break;
        if (attempt->count > 0) {
            session.output.remove(attempt->count);
            deadline = io::deadline_after(loop_.now(), timing_.send_timeout);
            if (reader_ && !session.output.is_full()) loop_.post(std::exchange(reader_, {}));
        }
        if (attempt->blocked_on == io::Readiness::none) continue;
        const auto ready = co_await stream_.ready(attempt->blocked_on, deadline);
        if (!ready) {
            timed_out = ready.error().code == std::errc::timed_out;
            break;
        }
    }
    finish(timed_out);
}

// All is said, or nothing can be said any more: FIN, so that the peer gets what is on its way, and some time to read it.
void Connection::finish(bool timed_out) {
    const bool said_all = session.output.empty();
    session.abort();
    finished_ = true;
    finished_since_ = loop_.now();
    answerer_.ends(timed_out);
    if (reader_) loop_.post(std::exchange(reader_, {}));
    if (!said_all || !stream_.finish_writing()) return stream_.cancel();
    hurry(due());
}

void Connection::release(Stream& stream) {
    session.release(stream);
    if (session.streams() > 0) return;
    idle_ = true;
    idle_since_ = loop_.now();
    if (session.takes_no_more()) {
        session.wake_writer();
    } else {
        hurry(next_look());
    }
    answerer_.idle_begins();
}

void Connection::shut_down() {
    if (session.has_announced_end() || finished_) return;
    session.announce_end();
    announced_ = loop_.now();
    hurry(due());
}

// A timer that fires earlier stays: it looks again.
void Connection::hurry(io::Deadline deadline) {
    if (deadline == io::never || (armed() && time() <= deadline)) return;
    loop_.timers().arm(*this, deadline);
}

io::Deadline Connection::due() const noexcept {
    if (finished_) return io::deadline_after(finished_since_, timing_.lingering_timeout);
    if (session.has_announced_end() && !session.takes_no_more()) return announced_ + farewell_max;
    if (!idle_ || session.takes_no_more()) return io::never;
    const bool is_speaking = session.is_within_frame();
    return io::deadline_after(idle_since_, is_speaking ? timing_.client_header_timeout : timing_.keepalive_timeout);
}

// The same, and before it the moment when an idle connection may give back memory.
io::Deadline Connection::next_look() const noexcept {
    const io::TimePoint rests = idle_since_ + io::rest_after;
    return idle_ && rests > loop_.now() ? std::min(rests, due()) : due();
}

void Connection::expired() {
    const io::Deadline deadline = next_look();
    if (deadline > loop_.now()) {
        if (idle_ && deadline == due()) stream_.take_rest();
        return hurry(deadline);
    }
    if (finished_) return stream_.cancel();
    session.end();
    session.wake_writer();
}

}  // namespace webserv::h2
