// io/connector.cpp: socket, connect, wait until it is writable, ask how it went.
// Nothing is written meanwhile: a request is only made once somebody listens.
#include "io/connector.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>

#include "sys/socket.hpp"

namespace webserv::io {
namespace {

// A local socket whose queue is full refuses at once, and nothing tells when there is room again: unix(7).
constexpr std::chrono::milliseconds full_queue_pause{10};

Error blamed_on_peer(Error error) {
    error.blame = Blame::upstream;
    error.doing = "connect";
    return error;
}

}  // namespace

Task<Result<sys::Fd>> Connector::connect(sys::Address address, Deadline deadline) {
    auto socket = sys::open_socket(address.family(), sys::SocketType::stream);
    if (!socket) co_return std::unexpected{socket.error()};
    if (!address.is_local()) (void)sys::set_option(*socket, IPPROTO_TCP, TCP_NODELAY, 1);  // without it small writes are only later
    for (;;) {
        const auto begun = sys::connect_to(*socket, address);
        if (begun) co_return std::move(socket);
        if (begun.error().code == std::errc::operation_in_progress) break;
        const bool queue_is_full = address.is_local() && begun.error().code == std::errc::resource_unavailable_try_again;
        if (!queue_is_full || loop_.now() >= deadline) co_return std::unexpected{begun.error()};
        const auto paused = co_await decided_.wait(std::min(deadline, loop_.now() + full_queue_pause));
        if (!paused && paused.error().code == std::errc::operation_canceled) co_return std::unexpected{paused.error()};
    }
    const auto watched = loop_.add(*socket, *this);
    if (!watched) co_return std::unexpected{watched.error()};
    const auto decided = co_await decided_.wait(deadline);
    loop_.remove(*socket, *this);
    if (!decided && decided.error().code == std::errc::operation_canceled) co_return std::unexpected{decided.error()};
    if (!decided) co_return std::unexpected{blamed_on_peer(decided.error())};
    const auto connected = sys::pending_error(*socket);
    if (!connected) co_return std::unexpected{connected.error()};
    co_return std::move(socket);
}

}  // namespace webserv::io
