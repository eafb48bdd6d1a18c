// sys/call_trace.hpp: who watches the calls that make up the life of a socket: nobody, unless somebody asked for it.
// Untraced, each call costs the look at one pointer; traced, it is told with its descriptor, its arguments and its outcome.
#pragma once

#include <cstdint>

namespace webserv::sys {

class Address;

/// One system call on a socket that has returned.
struct SocketCall {
    enum class Name : unsigned char { socket, setsockopt, bind, listen, accept, connect, read, write, send_file, shutdown, close };

    Name name{};
    int descriptor = -1;               ///< that it was made on; socket(2) has none yet
    std::int64_t result = 0;           ///< the kernel's: a new descriptor, octets, or 0; below 0 it failed with errno
    const Address* address = nullptr;  ///< bind, connect; accept: the peer
    int first = 0;                     ///< socket: the family; setsockopt: the level; listen: the backlog
    int second = 0;                    ///< socket: the type, without flags; setsockopt: the option
    int third = 0;                     ///< setsockopt: the value
    std::uint64_t length = 0;          ///< read, write, send_file: octets asked for
};

/// Its functions run between a call and the use of its outcome. They must not throw; errno is kept for the caller.
class CallObserver {
public:
    CallObserver() = default;
    CallObserver(const CallObserver&) = delete;
    CallObserver& operator=(const CallObserver&) = delete;
    virtual ~CallObserver() = default;

    /// errno is the call's, if it failed.
    virtual void called(const SocketCall& call) noexcept = 0;
    /// A shutdown or a close of this socket comes next: the last moment at which the kernel tells how it stands.
    virtual void ending(int descriptor, SocketCall::Name how) noexcept = 0;
};

/// Set before the first socket is opened, and in one thread.
inline constinit CallObserver* call_observer = nullptr;

[[nodiscard]] inline bool traced() noexcept { return call_observer != nullptr; }

// Only while traced.
void report(const SocketCall& call) noexcept;
void report_ending(int descriptor, SocketCall::Name how) noexcept;
/// close(2); reported if it is a stream or datagram socket, which a file is not.
void close_traced(int descriptor) noexcept;

}  // namespace webserv::sys
