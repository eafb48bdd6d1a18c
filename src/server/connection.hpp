// server/connection.hpp: one client's connection: who it is, what it came in by, and its life until either side ends it.
// Between two requests it is this, without coroutine, buffer, site or arena.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/frame_pool.hpp"
#include "base/task.hpp"
#include "h1/connection.hpp"
#include "io/socket_stream.hpp"
#include "observe/log.hpp"
#include "server/proxy_protocol.hpp"
#include "server/site.hpp"
#include "sys/address.hpp"
#include "sys/compact_address.hpp"
#include "sys/fd.hpp"
#include "tls/stream.hpp"

namespace webserv::server {

class Http2;
class Worker;

/// A listening socket's place in a site.
struct WayIn {
    std::shared_ptr<const Site> site;
    const ListenPoint* point = nullptr;
};

/// What the connections of one listening socket share, through all reloads.
struct Entrance {
    WayIn current;     ///< as of the newest site that listens there
    bool open = true;  ///< off: nobody listens there any more, so its connections end after what they are doing
};

class Connection final : private io::Wakeable {
public:
    Connection(Worker& worker, sys::Fd accepted, const sys::Address& peer, std::shared_ptr<const Entrance> way);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    static void* operator new(std::size_t bytes) { return frame_pool::allocate(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept { frame_pool::release(memory, bytes); }

    /// The point this connection means, of those that share a wildcard's socket.
    [[nodiscard]] const ListenPoint& point_behind(const WayIn& way_in);
    /// What its default server says: all that holds before a request has chosen another.
    [[nodiscard]] const ConnectionSettings& settings();
    [[nodiscard]] io::Deadline first_head_deadline();  ///< a connection's first head has its time from the accept on
    [[nodiscard]] const sys::Address& local();         ///< getsockname(2), asked once
    [[nodiscard]] sys::Address peer() const noexcept { return peer_.expand(); }  ///< without the name of a local socket
    /// One line in the error log of its default server, about the connection as a whole; `doing` says what we were at.
    void log(observe::Level level, std::string_view message, std::string_view doing);
    /// Ends it because others need the room or the server ends: at once, or as soon as what is on its way was answered.
    void end_gently();
    [[nodiscard]] bool should_end() const noexcept;  ///< the server is ending, or does not listen there any more
    void send_full_segments(bool on);                ///< of files, as far as the kernel does not do so by itself: TCP_CORK
    void reset() noexcept;                           ///< it ends with RST, whenever it ends
    /// Waits for its next request: owned by itself, without a coroutine, on the worker's list of those that may be ended any time.
    /// Then serve_http1() goes on.
    static void sleep(std::unique_ptr<Connection> owned, io::Readiness needed, io::Deadline deadline);
    /// What requests and responses go through: the socket, or TLS over it.
    [[nodiscard]] io::Stream& stream() noexcept;
    [[nodiscard]] bool is_secure() const noexcept { return tls != nullptr; }
    [[nodiscard]] bool is_early() const noexcept { return tls != nullptr && tls->is_early(); }
    void use(std::unique_ptr<tls::Stream> secured);
    [[nodiscard]] bool has_read_all() const noexcept;  ///< whatever comes from now on was not there before the kernel says so
    void set_nodelay();                                ///< TCP_NODELAY, once: small answers leave at once on a connection that stays

    // There may be very many of these: the order leaves no holes.
    Worker& worker;
    const std::shared_ptr<const Entrance> entrance;
    io::SocketStream socket;
    std::unique_ptr<tls::Stream> tls;  ///< null: what is sent is not encrypted
    h1::Connection http;               ///< on the stream, as long as nothing else is spoken there
    std::uint64_t number;              ///< $connection: counts from 1 in each worker
    std::uint64_t requests = 0;        ///< $connection_requests
    io::TimePoint since;
    io::Deadline sleeps_until = io::never;            ///< of the last sleep()
    std::unique_ptr<const ProxyHeader> proxy_header;  ///< null: no proxy has said whose connection this is
    const Site* answered_by = nullptr;                ///< of the present exchange
    Http2* http2 = nullptr;                           ///< what it speaks, unless that is HTTP/1

    // The worker's lists: of those that wait for their next request, longest waiting first, and of the others.
    Connection* previous = nullptr;
    Connection* next = nullptr;
    bool idle = false;

    bool nodelay = false;                           ///< TCP_NODELAY is set
    bool debugged = false;                          ///< everything about it is logged (debug_connection)
    bool reads_late = false;                        ///< what woke it has come after everything before was read
    io::Readiness slept_for = io::Readiness::none;  ///< it has just waited without a coroutine, for this

private:
    void woken() override;
    [[nodiscard]] bool rests();

    const sys::CompactAddress peer_;
    std::unique_ptr<sys::Address> local_;  // few want to know it
};

/// Begins the life of a connection, in its worker's scope: what comes before the first request, then requests and answers until
/// either side ends it.
void serve(std::unique_ptr<Connection> owned);

}  // namespace webserv::server
