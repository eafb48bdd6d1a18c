// io/stream.cpp: the waiting around a stream's attempts, written once.
// It never spins on a stream that is always ready: after its share of a turn a stream says that it is blocked.
#include "io/stream.hpp"

#include <algorithm>

namespace webserv::io {

std::span<iovec> drop_front(std::span<iovec> from, std::size_t count) noexcept {
    while (!from.empty() && count >= from.front().iov_len) {
        count -= from.front().iov_len;
        from.front().iov_len = 0;
        from = from.subspan(1);
    }
    if (count > 0) {
        from.front().iov_base = static_cast<char*>(from.front().iov_base) + count;
        from.front().iov_len -= count;
    }
    return from;
}

bool ReadyAwaiter::await_ready() { return stream_.is_ready(readiness_); }
void ReadyAwaiter::await_suspend(std::coroutine_handle<> waiter) { stream_.wait(readiness_, deadline_, waiter); }
Result<> ReadyAwaiter::await_resume() { return stream_.outcome(readiness_); }

Task<Result<std::size_t>> read_some(Stream& stream, std::span<char> into, Deadline deadline) {
    for (;;) {
        const auto attempt = stream.try_read(into);
        if (!attempt) co_return std::unexpected{attempt.error()};
        if (attempt->blocked_on == Readiness::none) co_return attempt->count;
        const auto ready = co_await stream.ready(attempt->blocked_on, deadline);
        if (!ready) co_return std::unexpected{ready.error()};
    }
}

Task<Result<std::uint64_t>> write_all(Stream& stream, std::span<iovec> from, std::chrono::milliseconds patience, bool more_follows) {
    std::uint64_t written = 0;
    Deadline deadline = deadline_after(stream.now(), patience);
    for (from = drop_front(from, 0); !from.empty();) {
        const auto attempt = stream.try_write(from, more_follows);
        if (!attempt) co_return std::unexpected{attempt.error()};
        if (attempt->count > 0) {
            written += attempt->count;
            from = drop_front(from, attempt->count);
            deadline = deadline_after(stream.now(), patience);
        }
        if (attempt->blocked_on == Readiness::none) continue;
        const auto ready = co_await stream.ready(attempt->blocked_on, deadline);
        if (!ready) co_return std::unexpected{ready.error()};
    }
    co_return written;
}

Task<Result<>> finish_writing(Stream& stream, Deadline deadline) {
    for (;;) {
        const auto attempt = stream.finish_writing();
        if (!attempt) co_return std::unexpected{attempt.error()};
        if (attempt->blocked_on == Readiness::none) co_return Result<>{};
        const auto ready = co_await stream.ready(attempt->blocked_on, deadline);
        if (!ready) co_return std::unexpected{ready.error()};
    }
}

Task<Result<>> send_file(Stream& stream, const sys::Fd& file, FileSlice& slice, std::chrono::milliseconds patience, bool more_follows) {
    Deadline deadline = deadline_after(stream.now(), patience);
    while (slice.length > 0) {
        const auto attempt = stream.try_send_file(file, slice, more_follows);
        if (!attempt) co_return std::unexpected{attempt.error()};
        if (attempt->count > 0) {
            slice.offset += attempt->count;
            slice.length -= attempt->count;
            deadline = deadline_after(stream.now(), patience);
        } else if (attempt->blocked_on == Readiness::none) {
            co_return std::unexpected{Error{.code = std::errc::io_error, .doing = "sendfile: the file was truncated"}};
        }
        if (attempt->blocked_on == Readiness::none) continue;
        const auto ready = co_await stream.ready(attempt->blocked_on, deadline);
        if (!ready) co_return std::unexpected{ready.error()};
    }
    co_return Result<>{};
}

}  // namespace webserv::io
