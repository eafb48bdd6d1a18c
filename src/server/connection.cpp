// server/connection.cpp: wait, answer, again; then close so that the last response arrives.
// The life of a connection reads from top to bottom in serve(), at the end of this file.
#include "server/connection.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "server/phases.hpp"
#include "server/proxied_connection.hpp"
#include "server/tls_connection.hpp"
#include "server/worker.hpp"
#include "sys/socket.hpp"

namespace webserv::server {
namespace {

using observe::Counter;
using observe::Level;

/// What one exchange leaves behind for the connection.
struct After {
    bool persists = false;
    milliseconds idle_timeout{0};
    milliseconds idle_min{0};
    Lingering lingering = Lingering::on;
    milliseconds lingering_time{0};
    milliseconds lingering_timeout{0};
    bool unread = false;  ///< octets of the peer's are on their way that nobody will read: a close would reset

    void take(const CoreSettings& core) {
        idle_timeout = core.keepalive_timeout;
        idle_min = core.keepalive_min_timeout;
        lingering = core.lingering_close;
        lingering_time = core.lingering_time;
        lingering_timeout = core.lingering_timeout;
    }
};

const ConnectionSettings& settings_before_request(Connection& connection, const WayIn& way_in) {
    return connection.point_behind(way_in).default_host->settings.get<ConnectionSettings>();
}

h1::HeadLimits limits_of(const ListenPoint& point) {
    const auto& settings = point.default_host->settings.get<ConnectionSettings>();
    return {.first_buffer_bytes = settings.client_header_buffer_size,
            .large_buffers = settings.large_buffer_count,
            .large_buffer_bytes = settings.large_buffer_size,
            .field_lines_max = settings.max_headers,
            .takes_underscores = point.takes_underscores};
}

// For the log: method and target of a request line, if it has them.
void take_target(http::Request& request) {
    const std::string_view line = request.line;
    const auto first = line.find(' ');
    const auto second = first == line.npos ? line.npos : line.find(' ', first + 1);
    if (second == line.npos) return;
    request.method_name = line.substr(0, first);
    request.target = line.substr(first + 1, second - first - 1);
}

// A head that was not read: a status if the peer can still use one, silence and a log line if not.
Task<After> refuse(Connection& connection, const WayIn& way_in, h1::ReadFailure failure, io::TimePoint began) {
    After after;
    after.take(connection.point_behind(way_in).default_host->settings.get<CoreSettings>());
    using Kind = h1::ReadFailure::Kind;
    if (failure.kind == Kind::closed || failure.kind == Kind::canceled) co_return after;

    connection.worker.metrics.add(Counter::malformed);
    Arena arena;
    http::Request received{arena};
    received.line = connection.http.request_line();
    take_target(received);
    Exchange exchange{connection, way_in, received, arena, began};
    exchange.host_name = exchange.host->first_name();
    exchange.path = "/";
    if (failure.kind == Kind::malformed) {
        const bool in_line = failure.error <= h1::HeadError::unsupported_version || failure.error == h1::HeadError::line_too_long;
        exchange.log(Level::info,
                     fmt::format("{} while reading client request {}", h1::describe(failure.error), in_line ? "line" : "headers"));
        co_await answer(exchange, Outcome::status(h1::status_of(failure.error)));
        after.unread = true;
        co_return after;
    }
    // Nobody listens for an answer: nginx closes without one, and logs 408 or 400.
    const bool timed_out = failure.kind == Kind::timed_out;
    exchange.log(Level::info, timed_out ? "client timed out while reading client request headers"
                                        : "client prematurely closed connection while reading client request headers");
    exchange.response.status = timed_out ? 408 : 400;
    log_exchange(exchange);
    connection.broken = true;
    if (timed_out && exchange.core().reset_timedout_connection) connection.reset();
    co_return after;
}

// What the exchange leaves behind, once `consumed` says whether the rest of its request's content has gone: it must have before the
// next request, and before a close that does not reset.
After after_exchange(Exchange& exchange, bool consumed) {
    Connection& connection = exchange.connection;
    const CoreSettings& core = exchange.core();
    After after;
    after.take(core);
    connection.answered_by = nullptr;
    if (connection.broken) return after;
    after.persists = exchange.persistent && consumed && !connection.should_end();
    after.unread = !consumed || connection.http.has_buffered();
    if (after.persists && core.tcp_nodelay) connection.set_nodelay();
    return after;
}

Task<bool> discard_content(Exchange& exchange) {
    const CoreSettings& core = exchange.core();
    const std::uint64_t limit = core.client_max_body_size > 0 ? core.client_max_body_size : UINT64_MAX;
    const io::Deadline deadline = exchange.connection.stream.now() + core.lingering_time;
    return exchange.connection.http.finish_request(exchange.persistent ? limit : 0, deadline);
}

/// One exchange, in a frame of its own: its arena and the Site it was answered by die with it.
Task<After> answer_one(Connection& connection, std::optional<io::Deadline> head_deadline) {
    Worker& worker = connection.worker;
    const WayIn way_in = connection.entrance->current;  // a reload between two requests is met here
    const ConnectionSettings& settings = settings_before_request(connection, way_in);
    Arena arena;
    const h1::HeadLimits limits = limits_of(connection.point_behind(way_in));
    const io::TimePoint began = connection.stream.now();
    const io::Deadline deadline = head_deadline.value_or(began + settings.client_header_timeout);
    worker.metrics.add(Counter::reading);
    http::Request request{arena};
    const auto read = co_await connection.http.read_head(request, limits, deadline);
    worker.metrics.add(Counter::reading, -1);
    if (!read) {
        const h1::ReadFailure failure = read.error();
        auto refused = co_await refuse(connection, way_in, failure, began);
        co_return refused;
    }
    ++connection.requests;
    connection.answered_by = way_in.site.get();
    worker.metrics.add(Counter::requests);
    Exchange exchange{connection, way_in, request, arena, began};
    exchange.persistent = exchange.request.persistent && !connection.should_end();
    const Outcome first = begin(exchange);
    worker.metrics.add(Counter::writing);
    co_await answer(exchange, first);
    worker.metrics.add(Counter::writing, -1);
    bool consumed = connection.broken || connection.http.finish_at_once();
    if (!consumed) consumed = co_await discard_content(exchange);
    co_return after_exchange(exchange, consumed);
}

// keepalive_min_timeout: nobody else may end the connection meanwhile, as it is not on the list of those that wait.
// @return whether there is a request; nothing: the time is over
Task<std::optional<bool>> wait_undisturbed(Connection& connection, io::Deadline deadline) {
    connection.worker.metrics.add(Counter::waiting);
    auto readable = co_await connection.http.wait_for_request(deadline);
    connection.worker.metrics.add(Counter::waiting, -1);
    if (readable) co_return true;
    if (readable.error().code != std::errc::timed_out || connection.should_end()) co_return false;
    co_return std::nullopt;
}

bool needs_introduction(Connection& connection) {
    const ListenPoint& point = connection.point_behind(connection.entrance->current);
    return point.proxy_protocol || point.secure;
}

// What comes before the first request: whom a proxy speaks for, and the TLS handshake.
// @return false: the connection is over
Task<bool> introduce(Connection& connection, io::Deadline deadline) {
    const bool by_proxy = connection.point_behind(connection.entrance->current).proxy_protocol;
    std::string rest;
    if (by_proxy) {
        const bool introduced = co_await read_proxy_header(connection, deadline, rest);
        if (!introduced) co_return false;
    }
    if (connection.point_behind(connection.entrance->current).secure) {
        const bool begun = co_await begin_tls(connection, std::move(rest));
        co_return begun;
    }
    if (!rest.empty()) connection.http.begin_with(rest);
    co_return true;
}

Task<> close(Connection& connection, const After& after) {
    if (connection.broken) co_return;
    if (after.lingering == Lingering::off || (after.lingering == Lingering::on && !after.unread)) {
        if (connection.tls) co_await tls::say_goodbye(*connection.tls, connection.stream.now() + after.lingering_timeout);
        co_return;
    }
    co_await connection.http.close_gracefully(connection.stream.now() + after.lingering_time, after.lingering_timeout);
}

}  // namespace

Connection::Connection(Worker& worker_of_connection, sys::Fd socket, const sys::Address& peer, std::shared_ptr<const Entrance> way)
    : worker{worker_of_connection},
      entrance{std::move(way)},
      stream{worker.loop, &worker.scope, std::move(socket)},
      http{stream},
      number{worker.next_connection_number()},
      since{worker.loop.now()},
      peer_{peer} {
    const auto& watched = worker.current_site()->process().debug_connections;
    debugged = std::any_of(watched.begin(), watched.end(), [&](const sys::Network& network) { return network.contains(peer_); });
    worker.opened(*this);
}

Connection::~Connection() { worker.closed(*this); }

const sys::Address& Connection::local() {
    if (!local_) local_ = std::make_unique<sys::Address>(sys::local_address(stream.socket()).value_or(sys::Address{}));
    return *local_;
}

bool Connection::should_end() const noexcept { return worker.ends_connections() || !entrance->open; }

const ListenPoint& Connection::point_behind(const WayIn& way_in) {
    const ListenPoint& point = *way_in.point;
    if (point.specific.empty()) return point;
    const auto found =
        std::find_if(point.specific.begin(), point.specific.end(), [&](const auto& specific) { return specific->address == local(); });
    return found != point.specific.end() ? **found : point;
}

void Connection::use(std::unique_ptr<tls::Stream> secured) {
    tls = std::move(secured);
    http.use(*tls);
}

bool Connection::has_read_all() const noexcept { return stream.has_read_all() && !http.has_buffered() && !(tls && tls->has_buffered()); }

void Connection::set_cork(bool on) {
    if (!peer_.is_local()) (void)sys::set_option(stream.socket(), IPPROTO_TCP, TCP_CORK, on ? 1 : 0);  // only costs segments if it fails
}

void Connection::reset() noexcept {
    broken = true;
    (void)sys::reset_on_close(stream.socket());  // then it ends as any other
}

void Connection::set_nodelay() {
    if (std::exchange(nodelay, true) || peer_.is_local()) return;
    (void)sys::set_option(stream.socket(), IPPROTO_TCP, TCP_NODELAY, 1);  // only costs time if it fails
}

Task<> serve(std::unique_ptr<Connection> owned) {
    Connection& connection = *owned;
    Worker& worker = connection.worker;
    milliseconds timeout = settings_before_request(connection, connection.entrance->current).client_header_timeout;
    milliseconds reserved{0};
    // A connection's first head has this long from the accept on, later ones from their first octet on.
    std::optional<io::Deadline> head_deadline = connection.since + timeout;
    if (needs_introduction(connection)) {
        const bool introduced = co_await introduce(connection, *head_deadline);
        if (!introduced) co_return;
        head_deadline = connection.stream.now() + timeout;
    }
    for (;;) {
        // What can be read only after the kernel said so was sent before this turn began. The rest may be as young as this moment.
        const bool comes_later = connection.has_read_all();
        const io::Deadline deadline = connection.stream.now() + timeout;
        std::optional<bool> readable;
        if (reserved.count() > 0) readable = co_await wait_undisturbed(connection, connection.stream.now() + std::min(timeout, reserved));
        if (!readable) {
            worker.begins_to_wait(connection);
            const auto waited = co_await connection.http.wait_for_request(deadline);
            worker.ends_waiting(connection);
            readable = waited.has_value();
        }
        if (!*readable) break;
        if (!comes_later) worker.files.expect_changes();
        const After after = co_await answer_one(connection, std::exchange(head_deadline, std::nullopt));
        if (!after.persists) {
            co_await close(connection, after);
            break;
        }
        timeout = after.idle_timeout;
        reserved = after.idle_min;
    }
}

}  // namespace webserv::server
