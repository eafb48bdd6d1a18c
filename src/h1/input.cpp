// h1/input.cpp: wait, then read.
// The one place where an HTTP/1 connection reads, but for the first octets of a request.
#include "h1/input.hpp"

namespace webserv::h1 {

Task<Result<std::size_t>> receive(io::Stream& stream, ReadBuffer& buffer, io::Deadline deadline) {
    for (io::Readiness needed = io::Readiness::readable;;) {
        const auto ready = co_await stream.ready(needed, deadline);
        if (!ready) co_return std::unexpected{ready.error()};
        const auto attempt = stream.try_read(buffer.room());
        if (!attempt) co_return std::unexpected{attempt.error()};
        needed = attempt->blocked_on;
        if (needed != io::Readiness::none) continue;
        buffer.filled(attempt->count);
        co_return attempt->count;
    }
}

}  // namespace webserv::h1
