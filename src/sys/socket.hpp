// sys/socket.hpp: the life of a socket, one function a step, each named after its system call.
// socket, setsockopt, bind, listen, accept, connect, shutdown; close is Fd's destructor; read and write are io/stream's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "sys/address.hpp"
#include "sys/fd.hpp"

namespace webserv::sys {

enum class SocketType : unsigned char { stream, datagram };

/// Creates a socket that is non-blocking and close-on-exec from birth. socket(2).
[[nodiscard]] Result<Fd> open_socket(int family, SocketType type, int protocol = 0);

/// One integer option. setsockopt(2).
[[nodiscard]] Result<> set_option(const Fd& socket, int level, int name, int value);

/// Gives the socket its address. bind(2).
[[nodiscard]] Result<> bind_to(const Fd& socket, const Address& address);

/// Makes the socket passive; the kernel queues up to `backlog` connections before accept. listen(2).
[[nodiscard]] Result<> start_listening(const Fd& socket, int backlog);

/// Whether something can be read at once: octets, or the peer's end. recv(2), MSG_PEEK.
[[nodiscard]] bool has_input(const Fd& socket) noexcept;

/// Probes of an idle connection, tcp(7). What is not said is left to the system.
struct KeepAlive {
    bool on = false;                                     ///< SO_KEEPALIVE
    std::optional<int> idle_seconds = std::nullopt;      ///< TCP_KEEPIDLE: before the first probe
    std::optional<int> interval_seconds = std::nullopt;  ///< TCP_KEEPINTVL
    std::optional<int> probes = std::nullopt;            ///< TCP_KEEPCNT: unanswered ones that end the connection
    bool operator==(const KeepAlive&) const = default;
};

/// Accepted sockets inherit what concerns connections: the buffers, the probes.
struct ListenOptions {
    int backlog = 511;        ///< connections; nginx's default on Linux
    bool reuse_port = false;  ///< SO_REUSEPORT: several sockets share the address
    bool ipv6_only = true;    ///< IPV6_V6ONLY, for IPv6 addresses
    bool multipath = false;   ///< IPPROTO_MPTCP: RFC 8684
    int defer_seconds = 0;    ///< TCP_DEFER_ACCEPT: wait so long for the first octets before accept says anything; 0: do not
    std::optional<int> fast_open = std::nullopt;      ///< TCP_FASTOPEN: connections that may wait for their handshake's end (RFC 7413)
    std::optional<int> receive_bytes = std::nullopt;  ///< SO_RCVBUF
    std::optional<int> send_bytes = std::nullopt;     ///< SO_SNDBUF
    std::optional<KeepAlive> keep_alive = std::nullopt;
    bool operator==(const ListenOptions&) const = default;
};

/// Sets what may be set on a socket at any time; options that are not said stay as they are.
[[nodiscard]] Result<> set_changeable_options(const Fd& socket, const Address& address, const ListenOptions& options);

/// TCP_DEFER_ACCEPT; 0: no longer. tcp(7).
[[nodiscard]] Result<> defer_accept(const Fd& socket, int seconds);

/// socket, SO_REUSEADDR, bind and listen in a row; a stale local socket's path that nobody listens on is replaced.
/// While the calls are traced, the socket also keeps each client's SYN to be shown.
/// Errors: address_in_use, permission_denied, address_not_available.
[[nodiscard]] Result<Fd> listen_on(const Address& address, const ListenOptions& options);

/// A datagram socket bound to `address`. Errors: as listen_on.
[[nodiscard]] Result<Fd> bind_datagram(const Address& address);

struct Accepted {
    Fd socket;
    Address peer;
};

/// Takes the first connection off the queue, non-blocking and close-on-exec. accept4(2).
/// Errors: operation_would_block (queue empty), too_many_files_open, too_many_files_open_in_system, connection_aborted.
[[nodiscard]] Result<Accepted> accept_from(const Fd& listener);

/// Starts connecting; in_progress means: wait until it is writable, then ask pending_error(). connect(2).
[[nodiscard]] Result<> connect_to(const Fd& socket, const Address& address);

/// The outcome of a connect that was in progress: SO_ERROR of socket(7).
[[nodiscard]] Result<> pending_error(const Fd& socket);

/// The last close of the socket sends RST instead of FIN, and what is still in its buffers is dropped. socket(7), SO_LINGER.
[[nodiscard]] Result<> reset_on_close(const Fd& socket);

/// Sends FIN: nothing more will be written. shutdown(2) with SHUT_WR.
[[nodiscard]] Result<> finish_writing(const Fd& socket);

/// The address this socket is bound to. getsockname(2).
[[nodiscard]] Result<Address> local_address(const Fd& socket);

/// Why `error` happened to somebody who wanted to listen on `address`, in words a person can act on:
/// "port 80 is taken by nginx (pid 812)", "needs root or CAP_NET_BIND_SERVICE ...".
[[nodiscard]] std::string explain_listen_error(const Error& error, const Address& address);

/// The first port after `port` that can be bound on the same address, trying at most 100. For "try --port N".
[[nodiscard]] std::optional<std::uint16_t> next_free_port(const Address& address);

}  // namespace webserv::sys
