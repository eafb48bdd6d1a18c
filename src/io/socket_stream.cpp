// io/socket_stream.cpp: recv, sendmsg, sendfile, shutdown, and the waiting in between.
// The kernel is asked when it may have an answer, and both sides share one lazy timer.
#include "io/socket_stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

#include "sys/call_trace.hpp"
#include "sys/socket.hpp"

namespace webserv::io {
namespace {

using Call = sys::SocketCall::Name;

// An operation counts as much as this even if it moved less, so that their number in one turn is bounded too.
constexpr std::uint32_t operation_bytes_min = 16U << 10;

constexpr std::size_t iovecs_max = 1024;  // IOV_MAX of Linux: sendmsg(2) refuses more

constexpr std::uint32_t peer_finished_events = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

/// Calls again as long as a signal interrupts it.
template <class Call>
ssize_t uninterrupted(Call call) {
    ssize_t result;
    do {
        result = call();
    } while (result < 0 && errno == EINTR);
    return result;
}

std::uint64_t octets_in(std::span<const iovec> parts) noexcept {
    std::uint64_t sum = 0;
    for (const iovec& part : parts) sum += part.iov_len;
    return sum;
}

}  // namespace

SocketStream::SocketStream(Loop& loop, Scope* scope, sys::Fd socket, Blame peer)
    : Cancellable{scope}, socket_{std::move(socket)}, loop_{loop}, peer_{peer}, cancelled_{born_cancelled()} {}

SocketStream::~SocketStream() {
    assert(!read_.waited_for && !write_.waited_for);
    loop_.timers().disarm(*this);
    if (registered_ != 0) loop_.forget(socket_, *this);
}

Result<Attempt> SocketStream::try_read(std::span<char> into) {
    assert(!into.empty());
    if (registration_ != std::errc{}) return std::unexpected{Error{.code = registration_, .doing = "epoll_ctl"}};
    if (!has_share()) return Attempt{.blocked_on = Readiness::readable};
    const ssize_t count = uninterrupted([&] { return ::recv(socket_.get(), into.data(), into.size(), 0); });
    if (sys::traced()) [[unlikely]] {
        sys::report({.name = Call::read, .descriptor = socket_.get(), .result = count, .length = into.size()});
    }
    if (count < 0) return refused(Readiness::readable, "recv");
    spend(static_cast<std::size_t>(count));
    if (count == 0) {
        peer_finished_ = true;
    } else if (static_cast<std::size_t>(count) < into.size() && !peer_finished_) {
        // Less than asked for: the queue is drained, and what arrives from now on is a new edge. Unless the end was
        // announced already: that edge is behind us, and only reading on finds it.
        read_.ready = false;
    }
    return Attempt{.count = static_cast<std::size_t>(count)};
}

Result<Attempt> SocketStream::try_write(std::span<const iovec> from, bool more_follows) {
    if (registration_ != std::errc{}) return std::unexpected{Error{.code = registration_, .doing = "epoll_ctl"}};
    if (!has_share()) return Attempt{.blocked_on = Readiness::writable};
    const int flags = MSG_NOSIGNAL | (more_follows ? MSG_MORE : 0);
    ssize_t count = 0;
    if (from.size() == 1) {
        count = uninterrupted([&] { return ::send(socket_.get(), from[0].iov_base, from[0].iov_len, flags); });
    } else {
        msghdr message{};
        message.msg_iov = const_cast<iovec*>(from.data());  // sendmsg only reads it
        message.msg_iovlen = std::min(from.size(), iovecs_max);
        count = uninterrupted([&] { return ::sendmsg(socket_.get(), &message, flags); });
    }
    if (sys::traced()) [[unlikely]] {
        sys::report({.name = Call::write, .descriptor = socket_.get(), .result = count, .length = octets_in(from)});
    }
    if (count < 0) return refused(Readiness::writable, "send");
    spend(static_cast<std::size_t>(count));
    // Less than asked for need not mean a full buffer: unreadable memory (a truncated mapping) ends a call early as well.
    // Only EAGAIN promises an edge to come.
    return Attempt{.count = static_cast<std::size_t>(count)};
}

// One sendfile(2) that sends all keeps only its last segment partial: nothing else needs the cork, and its two system calls.
Result<Attempt> SocketStream::try_send_file(const sys::Fd& file, FileSlice slice, bool more_follows) {
    if (registration_ != std::errc{}) return std::unexpected{Error{.code = registration_, .doing = "epoll_ctl"}};
    if (!has_share()) return Attempt{.blocked_on = Readiness::writable};
    auto offset = static_cast<off_t>(slice.offset);
    const std::size_t length = std::min<std::uint64_t>(slice.length, share_);
    if (more_follows || length < slice.length) cork();
    const ssize_t count = uninterrupted([&] { return ::sendfile(socket_.get(), file.get(), &offset, length); });
    if (sys::traced()) [[unlikely]] {
        sys::report({.name = Call::send_file, .descriptor = socket_.get(), .result = count, .length = length});
    }
    if (count < 0) return refused(Readiness::writable, "sendfile");
    spend(static_cast<std::size_t>(count));
    if (static_cast<std::size_t>(count) < length) cork();
    return Attempt{.count = static_cast<std::size_t>(count)};
}

Result<Attempt> SocketStream::finish_writing() {
    const auto finished = sys::finish_writing(socket_);
    if (finished) return Attempt{};
    return std::unexpected{Error{.code = finished.error().code, .blame = peer_, .doing = finished.error().doing}};
}

void SocketStream::cancel() {
    cancelled_ = true;
    if (read_.waiter) loop_.post(std::exchange(read_.waiter, {}));
    if (write_.waiter) loop_.post(std::exchange(write_.waiter, {}));
}

bool SocketStream::peer_gone() const noexcept { return peer_finished_; }

void SocketStream::on_events(std::uint32_t events) {
    if ((events & peer_finished_events) != 0) peer_finished_ = true;
    if ((events & (EPOLLIN | peer_finished_events)) != 0) read_.ready = true;
    if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) write_.ready = true;
    // Both are taken before either runs: the reader may end this stream, once the writer has.
    const Waiter reader = read_.ready ? std::exchange(read_.waiter, {}) : Waiter{};
    const Waiter writer = write_.ready ? std::exchange(write_.waiter, {}) : Waiter{};
    if (reader) reader.resume();
    if (writer) writer.resume();
}

void SocketStream::expired() {
    const auto take_if_due = [now = loop_.now()](Side& side) -> Waiter {
        if (!side.waiter || side.deadline > now) return {};
        side.timed_out = true;
        return std::exchange(side.waiter, {});
    };
    const auto reader = take_if_due(read_);
    const auto writer = take_if_due(write_);
    if (read_.waiter) arm_for(read_.deadline);
    if (write_.waiter) arm_for(write_.deadline);
    if (reader) reader.resume();  // from here on this stream may be gone
    if (writer) writer.resume();
}

bool SocketStream::is_ready(Readiness readiness) const noexcept {
    const Side& side = readiness == Readiness::writable ? write_ : read_;
    return cancelled_ || registration_ != std::errc{} || (side.ready && has_share());
}

void SocketStream::wait(Readiness readiness, Deadline deadline, Waiter waiter) {
    Side& waiting = side(readiness);
    assert(!waiting.waited_for);
    waiting.waited_for = true;
    if (!waiting.ready) register_for(readiness);
    // Ready, but its share of this turn is used up; or nobody would tell, and the next operation says why.
    if (waiting.ready || registration_ != std::errc{}) return loop_.post(waiter);
    waiting.waiter = waiter;
    waiting.deadline = deadline;
    arm_for(deadline);
}

Result<> SocketStream::outcome(Readiness readiness) {
    Side& waited = side(readiness);
    waited.waited_for = false;
    const bool timed_out = std::exchange(waited.timed_out, false);
    if (cancelled_) return std::unexpected{Error{.code = std::errc::operation_canceled, .doing = "wait"}};
    if (timed_out) return std::unexpected{Error{.code = std::errc::timed_out, .blame = peer_, .doing = "wait"}};
    return {};
}

/// Most never wait for room: whoever does registers once more. What has happened before is told as well: epoll_ctl(2) looks.
void SocketStream::register_for(Readiness readiness) noexcept {
    const std::uint32_t wanted = EPOLLIN | EPOLLRDHUP | EPOLLET | (readiness == Readiness::writable ? EPOLLOUT : 0U);
    if ((registered_ & wanted) == wanted) return;
    if (const auto added = loop_.add(socket_, *this, registered_ | wanted); !added) registration_ = added.error().code;
    registered_ |= wanted;
}

/// Leaves a timer that fires before `deadline` where it is: expired() looks at the deadlines again.
void SocketStream::arm_for(Deadline deadline) {
    if (deadline == never || (armed() && time() <= deadline)) return;
    loop_.timers().arm(*this, deadline);
}

bool SocketStream::has_share() const noexcept { return turn_ != loop_.turns() || spent_ < share_; }

void SocketStream::set_share(std::uint64_t bytes) noexcept {
    constexpr std::uint64_t unlimited = std::numeric_limits<std::uint32_t>::max();
    share_ = static_cast<std::uint32_t>(bytes == 0 ? unlimited : std::min(bytes, unlimited));
}

void SocketStream::send_full_segments(bool on) noexcept {
    const bool was_set = std::exchange(cork_, on ? Cork::allowed : Cork::unused) == Cork::set;
    if (was_set) (void)sys::set_option(socket_, IPPROTO_TCP, TCP_CORK, 0);
}

void SocketStream::cork() noexcept {
    if (cork_ != Cork::allowed) return;
    cork_ = Cork::set;
    (void)sys::set_option(socket_, IPPROTO_TCP, TCP_CORK, 1);  // only costs segments if it fails
}

void SocketStream::spend(std::size_t bytes) noexcept {
    if (std::exchange(turn_, loop_.turns()) != loop_.turns()) spent_ = 0;
    constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
    spent_ = static_cast<std::uint32_t>(std::min(most, spent_ + std::max<std::uint64_t>(operation_bytes_min, bytes)));
}

/// After a call that has just set errno.
Result<Attempt> SocketStream::refused(Readiness readiness, const char* doing) noexcept {
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        side(readiness).ready = false;
        return Attempt{.blocked_on = readiness};
    }
    if (errno == ECONNRESET || errno == EPIPE) peer_finished_ = true;
    return failed(doing, peer_);
}

}  // namespace webserv::io
