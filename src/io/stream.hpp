// io/stream.hpp: the only polymorphic thing between protocol and kernel: a socket, TLS over one, or bytes in a test.
// Operations never block and never allocate; the waiting is written once, below. One reader and one writer may wait at once.
#pragma once

#include <sys/uio.h>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.hpp"
#include "base/task.hpp"
#include "io/timers.hpp"
#include "io/waiter.hpp"
#include "sys/fd.hpp"

namespace webserv::io {

enum class Readiness : unsigned char { none, readable, writable };

/// One attempt: the octets moved, or what must become ready before it is worth trying again.
/// TLS may have to write before it can read, so the stream says which, not the caller.
struct Attempt {
    std::size_t count = 0;
    Readiness blocked_on = Readiness::none;
};

/// Octets of an open file.
struct FileSlice {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

/// A pause as long as this goes on, mostly: what take_rest() and its end cost is little beside it.
inline constexpr std::chrono::milliseconds rest_after{500};

class Stream;

/// co_await gives Result<>: readiness, or timed_out, or operation_canceled.
class [[nodiscard]] ReadyAwaiter {
public:
    ReadyAwaiter(Stream& stream, Readiness readiness, Deadline deadline) noexcept
        : stream_{stream}, readiness_{readiness}, deadline_{deadline} {}
    bool await_ready();
    void await_suspend(std::coroutine_handle<> waiter);
    Result<> await_resume();

private:
    Stream& stream_;
    Readiness readiness_;
    Deadline deadline_;
};

class Stream {
public:
    Stream() = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    virtual ~Stream() = default;

    virtual Result<Attempt> try_read(std::span<char> into) = 0;  ///< count 0 and not blocked: end of input
    /// An attempt that was blocked is continued, if at all, with the octets that were not taken: what is encrypted can not be changed.
    /// @param more_follows  the kernel may keep a last partial segment back (MSG_MORE): content follows at once
    virtual Result<Attempt> try_write(std::span<const iovec> from, bool more_follows = false) = 0;
    /// Sends from the page cache. count 0 and not blocked: the file ended early (it was truncated).
    virtual Result<Attempt> try_send_file(const sys::Fd& file, FileSlice slice, bool more_follows = false) = 0;
    /// The peer reads an end of input. Not blocked: it was said (FIN).
    virtual Result<Attempt> finish_writing() = 0;

    /// Resumes the waiter when `readiness` holds. Errors: timed_out, operation_canceled.
    ReadyAwaiter ready(Readiness readiness, Deadline deadline) noexcept { return {*this, readiness, deadline}; }
    /// Ends present and later waits with operation_canceled; the try_ functions still work.
    virtual void cancel() = 0;
    /// Whether the peer has finished writing or is gone, as far as the kernel has told us; costs no system call.
    [[nodiscard]] virtual bool peer_gone() const noexcept = 0;
    [[nodiscard]] virtual TimePoint now() const noexcept = 0;  ///< the loop's
    /// Nothing was moved for rest_after: gives back memory until something is. A wait may go on meanwhile.
    virtual void take_rest() {}

    // What ready() is made of, for a stream over another one and for whoever waits without a coroutine.
    [[nodiscard]] virtual bool is_ready(Readiness readiness) const noexcept = 0;  ///< also true when cancelled: the outcome is at hand
    virtual void wait(Readiness readiness, Deadline deadline, Waiter waiter) = 0;
    virtual Result<> outcome(Readiness readiness) = 0;  ///< of the wait that has just ended
};

/// Reads at least one octet; 0 is the end of input. Errors: timed_out, operation_canceled, connection_reset.
Task<Result<std::size_t>> read_some(Stream& stream, std::span<char> into, Deadline deadline);

/// Advances what is to be written by `count` octets: entries that have left are empty. @return those that have not
[[nodiscard]] std::span<iovec> drop_front(std::span<iovec> from, std::size_t count) noexcept;

/// Writes all of `from`, whose entries it advances as they leave. `patience` bounds the time between two writes that
/// succeed (nginx's send_timeout). Gives the octets written. Errors: timed_out, operation_canceled, broken_pipe, bad_address.
Task<Result<std::uint64_t>> write_all(Stream& stream, std::span<iovec> from, std::chrono::milliseconds patience, bool more_follows = false);

/// Says that nothing more comes. Errors: timed_out, operation_canceled, not_connected.
Task<Result<>> finish_writing(Stream& stream, Deadline deadline);

/// Sends a slice of a file, which it advances as octets leave: also after a failure what is left says how much was sent. Neither this nor
/// the functions above starve others: after its share of a turn of the loop a socket says that it is blocked, and is ready again in the
/// next. Errors: as write_all; io_error if the file ended early.
Task<Result<>> send_file(Stream& stream, const sys::Fd& file, FileSlice& slice, std::chrono::milliseconds patience,
                         bool more_follows = false);

}  // namespace webserv::io
