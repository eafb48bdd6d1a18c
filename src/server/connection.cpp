// server/connection.cpp: what a connection is told and asks of its socket, and how it begins.
// Which version of HTTP it speaks is decided once; from then on its life is told in http1.cpp.
#include "server/connection.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "h2/frame.hpp"
#include "server/http1.hpp"
#include "server/http2.hpp"
#include "server/proxied_connection.hpp"
#include "server/tls_connection.hpp"
#include "server/worker.hpp"
#include "sys/socket.hpp"
#include "tls/facts.hpp"

namespace webserv::server {
namespace {

/// The default server's word: no other has been named yet.
bool takes_http2(Connection& connection) {
    const ListenPoint& point = connection.point_behind(connection.entrance->current);
    return speaks_http2(point, *point.default_host);
}

/// Waits for the first octets: HTTP/2 begins with some that no request of HTTP/1 begins with (RFC 9113 section 3.4).
/// @return nothing: none have come, and the connection is over
Task<std::optional<bool>> begins_with_preface(Connection& connection, io::Deadline deadline) {
    Worker& worker = connection.worker;
    worker.begins_to_wait(connection);
    const auto waited = co_await connection.http.wait_for_request(deadline);
    worker.ends_waiting(connection);
    if (!waited) co_return std::nullopt;
    for (;;) {
        const std::string_view octets = connection.http.buffered().substr(0, h2::preface.size());
        if (!h2::preface.starts_with(octets)) co_return false;
        if (octets.size() == h2::preface.size()) co_return true;
        const auto more = co_await connection.http.read_more(deadline);
        if (!more) co_return false;
    }
}

/// What comes before the first request.
Task<> begin(std::unique_ptr<Connection> owned) {
    Connection& connection = *owned;
    io::Deadline deadline = connection.first_head_deadline();
    std::string rest;
    if (connection.point_behind(connection.entrance->current).proxy_protocol) {
        const bool introduced = co_await read_proxy_header(connection, deadline, rest);
        if (!introduced) co_return;
    }
    bool is_http2 = false;
    if (connection.point_behind(connection.entrance->current).secure) {
        const bool begun = co_await begin_tls(connection, rest);
        if (!begun) co_return;
        deadline = connection.worker.loop.now() + connection.settings().client_header_timeout;
        is_http2 = connection.tls && tls::application_protocol_of(*connection.tls) == "h2";
    } else {
        if (!rest.empty()) connection.http.begin_with(rest);
        if (takes_http2(connection)) {
            const auto preface = co_await begins_with_preface(connection, deadline);
            if (!preface) co_return;
            is_http2 = *preface;
        }
    }
    std::string{}.swap(rest);  // this frame lives as long as the connection
    Task<> life = is_http2 ? serve_http2(std::move(owned)) : serve_http1(std::move(owned), deadline);
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
    debugged = std::any_of(watched.begin(), watched.end(), [&](const sys::Network& network) { return network.contains(peer); });
    worker.opened(*this);
}

Connection::~Connection() {
    if (tls && !tls->failure().empty()) log(tls->is_abused() ? observe::Level::warn : observe::Level::info, tls->failure(), "reading");
    worker.closed(*this);
}

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

void Connection::send_full_segments(bool on) {
    if (!tls && !peer_.is_local()) socket.send_full_segments(on);  // TLS gathers by itself what leaves together
}

void Connection::reset() noexcept {
    (void)sys::reset_on_close(socket.descriptor());  // then it ends as any other
}

void Connection::set_nodelay() {
    if (std::exchange(nodelay, true) || peer_.is_local()) return;
    (void)sys::set_option(socket.descriptor(), IPPROTO_TCP, TCP_NODELAY, 1);  // only costs time if it fails
}

void Connection::log(observe::Level level, std::string_view message, std::string_view doing) {
    const WayIn way_in = entrance->current;
    const ListenPoint& point = point_behind(way_in);
    const auto& log = point.default_host->bare.log;
    if (log == nullptr || !(log->takes(level) || debugged)) return;
    const std::string text = fmt::format("{} while {}", message, doing);
    const std::string client = peer().host();
    const std::string server = point.address.text();
    const std::array<observe::LogField, 2> context{{{"client", client}, {"server", server}}};
    log->write({.level = level, .message = text, .connection = number, .context = context}, debugged);
}

void Connection::end_gently() {
    if (http2 != nullptr) {
        http2->shut_down();
    } else if (idle) {
        socket.cancel();
    }
}

void Connection::sleep(std::unique_ptr<Connection> owned, io::Readiness needed, io::Deadline deadline) {
    Connection& self = *owned.release();  // until woken(), which comes in any case
    self.slept_for = needed;
    self.reads_late = self.has_read_all();
    self.worker.begins_to_wait(self);
    self.worker.scope.hold();
    self.sleeps_until = deadline;
    if (self.tls) deadline = std::min(deadline, io::deadline_after(self.worker.loop.now(), io::rest_after));
    self.stream().wait(needed, deadline, self);
}

/// Whether it was woken only to go on sleeping with less memory.
bool Connection::rests() {
    if (!tls || worker.loop.now() >= sleeps_until) return false;
    const auto outcome = tls->outcome(slept_for);
    if (outcome || outcome.error().code != std::errc::timed_out) return false;
    tls->take_rest();
    tls->wait(slept_for, sleeps_until, *this);
    return true;
}

void Connection::woken() {
    if (rests()) return;
    io::Scope& scope = worker.scope;
    worker.ends_waiting(*this);
    const io::Deadline deadline = sleeps_until;
    scope.spawn(serve_http1(std::unique_ptr<Connection>{this}, deadline));
    scope.let_go();
}

const ConnectionSettings& Connection::settings() {
    return point_behind(entrance->current).default_host->settings.get<ConnectionSettings>();
}

io::Deadline Connection::first_head_deadline() { return since + settings().client_header_timeout; }

void serve(std::unique_ptr<Connection> owned) {
    Connection& connection = *owned;
    io::Scope& scope = connection.worker.scope;
    const ListenPoint& point = connection.point_behind(connection.entrance->current);
    const bool comes_with_octets = point.options.defer_seconds > 0 || point.options.fast_open.value_or(0) > 0;
    if (!comes_with_octets) connection.socket.expect_nothing_yet();
    if (point.proxy_protocol || point.secure || takes_http2(connection)) return scope.spawn(begin(std::move(owned)));
    const io::Deadline deadline = connection.first_head_deadline();
    // Most begin with a request that has not come yet: until then they need no coroutine.
    if (!connection.socket.is_ready(io::Readiness::readable)) {
        return Connection::sleep(std::move(owned), io::Readiness::readable, deadline);
    }
    scope.spawn(serve_http1(std::move(owned), deadline));
}

}  // namespace webserv::server
