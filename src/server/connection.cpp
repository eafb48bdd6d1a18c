// server/connection.cpp: what a connection is told and asks of its socket, and how it begins.
// Which version of HTTP it speaks is decided once; from then on its life is told in http1.cpp.
#include "server/connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <string>
#include <utility>

#include "server/http1.hpp"
#include "server/proxied_connection.hpp"
#include "server/tls_connection.hpp"
#include "server/worker.hpp"
#include "sys/socket.hpp"

namespace webserv::server {
namespace {

/// What comes before the first request.
Task<> begin(std::unique_ptr<Connection> owned) {
    Connection& connection = *owned;
    io::Deadline deadline = connection.first_head_deadline();
    std::string rest;
    if (connection.point_behind(connection.entrance->current).proxy_protocol) {
        const bool introduced = co_await read_proxy_header(connection, deadline, rest);
        if (!introduced) co_return;
    }
    if (connection.point_behind(connection.entrance->current).secure) {
        const bool begun = co_await begin_tls(connection, rest);
        if (!begun) co_return;
        deadline = connection.worker.loop.now() + connection.settings().client_header_timeout;
        rest = {};
    } else if (!rest.empty()) {
        connection.http.begin_with(rest);
    }
    Task<> life = serve_http1(std::move(owned), deadline);
    co_await life;
}

}  // namespace

Connection::Connection(Worker& worker_of_connection, sys::Fd accepted, const sys::Address& peer, std::shared_ptr<const Entrance> way)
    : worker{worker_of_connection},
      entrance{std::move(way)},
      socket{worker.loop, &worker.scope, std::move(accepted)},
      http{socket},
      number{worker.next_connection_number()},
      since{worker.loop.now()},
      peer_{peer} {
    const auto& watched = worker.current_site()->process().debug_connections;
    debugged = std::any_of(watched.begin(), watched.end(), [&](const sys::Network& network) { return network.contains(peer_); });
    worker.opened(*this);
}

Connection::~Connection() { worker.closed(*this); }

const sys::Address& Connection::local() {
    if (!local_) local_ = std::make_unique<sys::Address>(sys::local_address(socket.descriptor()).value_or(sys::Address{}));
    return *local_;
}

const ListenPoint& Connection::point_behind(const WayIn& way_in) {
    const ListenPoint& point = *way_in.point;
    if (point.specific.empty()) return point;
    const auto found =
        std::find_if(point.specific.begin(), point.specific.end(), [&](const auto& specific) { return specific->address == local(); });
    return found != point.specific.end() ? **found : point;
}

io::Stream& Connection::stream() noexcept {
    if (tls) return *tls;
    return socket;
}

void Connection::use(std::unique_ptr<tls::Stream> secured) {
    tls = std::move(secured);
    http.use(*tls);
}

bool Connection::has_read_all() const noexcept { return socket.has_read_all() && !http.has_buffered() && !(tls && tls->has_buffered()); }

void Connection::set_cork(bool on) {
    if (!peer_.is_local())
        (void)sys::set_option(socket.descriptor(), IPPROTO_TCP, TCP_CORK, on ? 1 : 0);  // only costs segments if it fails
}

void Connection::reset() noexcept {
    (void)sys::reset_on_close(socket.descriptor());  // then it ends as any other
}

void Connection::set_nodelay() {
    if (std::exchange(nodelay, true) || peer_.is_local()) return;
    (void)sys::set_option(socket.descriptor(), IPPROTO_TCP, TCP_NODELAY, 1);  // only costs time if it fails
}

const ConnectionSettings& Connection::settings() {
    return point_behind(entrance->current).default_host->settings.get<ConnectionSettings>();
}

io::Deadline Connection::first_head_deadline() { return since + settings().client_header_timeout; }

Task<> serve(std::unique_ptr<Connection> owned) {
    Connection& connection = *owned;
    // Most connections begin with a request: they need no frame but that of the loop which answers them.
    const ListenPoint& point = connection.point_behind(connection.entrance->current);
    if (point.proxy_protocol || point.secure) return begin(std::move(owned));
    const io::Deadline deadline = connection.first_head_deadline();
    return serve_http1(std::move(owned), deadline);
}

}  // namespace webserv::server
