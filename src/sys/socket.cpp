// sys/socket.cpp: the life of a socket, one function a step: socket, setsockopt, bind, listen, accept, connect, shutdown.
// Read from top to bottom it is the order in which a server calls them.
#include "sys/socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "sys/call_trace.hpp"

namespace webserv::sys {

namespace {

using Call = SocketCall::Name;

/// The outcome of a call that gives 0 or fails.
Result<> outcome(int result, const char* doing, Blame blame = Blame::ourselves) {
    if (result < 0) return failed(doing, blame);
    return {};
}

bool is_path(const Address& address) { return address.is_local() && !address.local_name().starts_with('@'); }

/// Whether the path of `address` is a socket that nobody listens on any more: its server died without unlink(2).
bool is_stale(const Address& address) {
    struct stat status{};
    if (::lstat(address.local_name().c_str(), &status) < 0 || !S_ISSOCK(status.st_mode)) return false;
    const auto probe = open_socket(AF_UNIX, SocketType::stream);
    if (!probe) return false;
    const auto connected = connect_to(*probe, address);
    return !connected && connected.error().code == std::errc::connection_refused;
}

/// bind(2), which also creates the path of a local socket; one left behind by a dead server is replaced.
Result<> bind_replacing_stale(const Fd& socket, const Address& address) {
    const auto bound = bind_to(socket, address);
    if (bound || bound.error().code != std::errc::address_in_use) return bound;
    if (!is_path(address) || !is_stale(address)) return bound;
    if (::unlink(address.local_name().c_str()) < 0) return failed("unlink");
    return bind_to(socket, address);
}

Result<> set_listen_options(const Fd& socket, const Address& address, const ListenOptions& options) {
    if (address.is_local()) return {};
    // Without it a restarted server would have to wait until its old connections have left TIME_WAIT.
    if (const auto set = set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1); !set) return set;
    if (options.reuse_port) {
        if (const auto set = set_option(socket, SOL_SOCKET, SO_REUSEPORT, 1); !set) return set;
    }
    // Who watches also wants to see the handshake, and the kernel keeps a SYN only if it is told before the SYN comes.
    if (traced()) (void)set_option(socket, IPPROTO_TCP, TCP_SAVE_SYN, 1);  // a kernel without it has less to show
    if (address.family() != AF_INET6) return {};
    return set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6_only ? 1 : 0);
}

}  // namespace

Result<Fd> open_socket(int family, SocketType type, int protocol) {
    const int kind = type == SocketType::stream ? SOCK_STREAM : SOCK_DGRAM;
    Fd socket{::socket(family, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol)};
    if (traced()) report({.name = Call::socket, .result = socket.get(), .first = family, .second = kind});
    if (!socket) return failed("socket");
    return socket;
}

Result<> set_option(const Fd& socket, int level, int name, int value) {
    const int result = ::setsockopt(socket.get(), level, name, &value, sizeof value);
    if (traced()) {
        report({.name = Call::setsockopt, .descriptor = socket.get(), .result = result, .first = level, .second = name, .third = value});
    }
    return outcome(result, "setsockopt");
}

Result<> bind_to(const Fd& socket, const Address& address) {
    const int result = ::bind(socket.get(), address.data(), address.size());
    if (traced()) report({.name = Call::bind, .descriptor = socket.get(), .result = result, .address = &address});
    return outcome(result, "bind");
}

Result<> start_listening(const Fd& socket, int backlog) {
    const int result = ::listen(socket.get(), backlog);
    if (traced()) report({.name = Call::listen, .descriptor = socket.get(), .result = result, .first = backlog});
    return outcome(result, "listen");
}

bool has_input(const Fd& socket) noexcept {
    char octet = 0;
    return ::recv(socket.get(), &octet, sizeof octet, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

Result<> set_changeable_options(const Fd& socket, const Address& address, const ListenOptions& options) {
    const auto set = [&socket](int level, int name, std::optional<int> value) {
        return value ? set_option(socket, level, name, *value) : Result<>{};
    };
    if (auto done = set(SOL_SOCKET, SO_RCVBUF, options.receive_bytes); !done) return done;
    if (auto done = set(SOL_SOCKET, SO_SNDBUF, options.send_bytes); !done) return done;
    if (address.is_local()) return {};
    if (options.keep_alive) {
        const KeepAlive& probes = *options.keep_alive;
        if (auto done = set(SOL_SOCKET, SO_KEEPALIVE, probes.on ? 1 : 0); !done) return done;
        if (auto done = set(IPPROTO_TCP, TCP_KEEPIDLE, probes.idle_seconds); !done) return done;
        if (auto done = set(IPPROTO_TCP, TCP_KEEPINTVL, probes.interval_seconds); !done) return done;
        if (auto done = set(IPPROTO_TCP, TCP_KEEPCNT, probes.probes); !done) return done;
    }
    return set(IPPROTO_TCP, TCP_FASTOPEN, options.fast_open);
}

Result<> defer_accept(const Fd& socket, int seconds) { return set_option(socket, IPPROTO_TCP, TCP_DEFER_ACCEPT, seconds); }

Result<Fd> listen_on(const Address& address, const ListenOptions& options) {
    const bool multipath = options.multipath && !address.is_local();
    auto socket = open_socket(address.family(), SocketType::stream, multipath ? IPPROTO_MPTCP : 0);
    if (!socket) return socket;
    if (const auto set = set_listen_options(*socket, address, options); !set) return std::unexpected{set.error()};
    if (const auto set = set_changeable_options(*socket, address, options); !set) return std::unexpected{set.error()};
    if (options.defer_seconds > 0 && !address.is_local()) {
        if (const auto set = defer_accept(*socket, options.defer_seconds); !set) return std::unexpected{set.error()};
    }
    if (const auto bound = bind_replacing_stale(*socket, address); !bound) return std::unexpected{bound.error()};
    // As nginx does: whoever reaches the directory may connect, whatever our umask is.
    if (is_path(address) && ::chmod(address.local_name().c_str(), 0666) < 0) return failed("chmod");
    if (const auto listening = start_listening(*socket, options.backlog); !listening) return std::unexpected{listening.error()};
    return socket;
}

Result<Fd> bind_datagram(const Address& address) {
    auto socket = open_socket(address.family(), SocketType::datagram);
    if (!socket) return socket;
    if (address.family() == AF_INET6) {
        if (const auto set = set_option(*socket, IPPROTO_IPV6, IPV6_V6ONLY, 1); !set) return std::unexpected{set.error()};
    }
    if (const auto bound = bind_to(*socket, address); !bound) return std::unexpected{bound.error()};
    return socket;
}

Result<Accepted> accept_from(const Fd& listener) {
    Address peer;
    socklen_t size = Address::capacity;
    Fd socket{::accept4(listener.get(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (socket) peer.set_size(size);
    if (traced()) {
        report({.name = Call::accept, .descriptor = listener.get(), .result = socket.get(), .address = socket ? &peer : nullptr});
    }
    if (!socket) return failed("accept");
    return Accepted{std::move(socket), peer};
}

Result<> connect_to(const Fd& socket, const Address& address) {
    const int result = ::connect(socket.get(), address.data(), address.size());
    if (traced()) report({.name = Call::connect, .descriptor = socket.get(), .result = result, .address = &address});
    return outcome(result, "connect", Blame::upstream);
}

Result<> pending_error(const Fd& socket) {
    int number = 0;
    socklen_t size = sizeof number;
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &number, &size) < 0) return failed("getsockopt");
    if (number != 0) return std::unexpected{Error{std::errc{number}, Blame::upstream, "connect"}};
    return {};
}

Result<> reset_on_close(const Fd& socket) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    if (::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) < 0) return failed("setsockopt");
    return {};
}

Result<> finish_writing(const Fd& socket) {
    if (traced()) report_ending(socket.get(), Call::shutdown);
    const int result = ::shutdown(socket.get(), SHUT_WR);
    if (traced()) report({.name = Call::shutdown, .descriptor = socket.get(), .result = result});
    return outcome(result, "shutdown", Blame::downstream);
}

Result<Address> local_address(const Fd& socket) {
    Address address;
    socklen_t size = Address::capacity;
    if (::getsockname(socket.get(), address.data(), &size) < 0) return failed("getsockname");
    address.set_size(size);
    return address;
}

std::optional<std::uint16_t> next_free_port(const Address& address) {
    constexpr unsigned tries = 100;
    if (address.is_local()) return std::nullopt;
    const unsigned last = std::min(address.port() + tries, 65535U);
    for (unsigned port = address.port() + 1U; port <= last; ++port) {
        Address candidate = address;
        candidate.set_port(static_cast<std::uint16_t>(port));
        if (listen_on(candidate, {})) return static_cast<std::uint16_t>(port);
    }
    return std::nullopt;
}

}  // namespace webserv::sys
