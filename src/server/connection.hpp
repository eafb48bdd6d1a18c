// server/connection.hpp: one client's connection: who it is, and the loop that answers its requests until either side ends it.
// Between two requests it is one coroutine frame, without buffer, site or arena.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/task.hpp"
#include "h1/connection.hpp"
#include "io/socket_stream.hpp"
#include "server/site.hpp"
#include "sys/address.hpp"
#include "sys/fd.hpp"

namespace webserv::server {

class Worker;

class Connection {
public:
    Connection(Worker& worker, sys::Fd socket, const sys::Address& peer, std::size_t listener);
    ~Connection();

    /// The listening point this connection came in by, in the given site.
    [[nodiscard]] const ListenPoint& point(const Site& site);
    [[nodiscard]] const sys::Address& local();  ///< getsockname(2), asked once
    [[nodiscard]] const sys::Address& peer() const noexcept { return peer_; }
    void set_cork(bool on);  ///< TCP_CORK: full segments only, until it is taken off
    void set_nodelay();      ///< TCP_NODELAY, once: small answers leave at once on a connection that stays

    Worker& worker;
    io::SocketStream stream;
    h1::Connection http;
    std::uint64_t number;        ///< $connection: counts from 1 in each worker
    std::uint64_t requests = 0;  ///< $connection_requests
    io::TimePoint since;
    bool nodelay = false;  ///< TCP_NODELAY is set
    bool broken = false;   ///< sending has failed: nothing more can be said to this peer

    // The worker's list of connections that wait for their next request, longest waiting first.
    Connection* previous_idle = nullptr;
    Connection* next_idle = nullptr;
    bool idle = false;

private:
    sys::Address peer_;
    sys::Address local_;
    std::size_t listener_;
};

/// Answers requests on one connection until either side ends it (RFC 9112 section 9).
Task<> serve(Worker& worker, sys::Fd socket, sys::Address peer, std::size_t listener);

}  // namespace webserv::server
