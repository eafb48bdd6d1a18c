// server/http1.cpp: wait, answer, again; then close so that the last response arrives.
// The life of a connection reads from top to bottom in serve_http1(), at the end of this file.
#include "server/http1.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "server/phases.hpp"
#include "server/worker.hpp"

namespace webserv::server {
namespace {

using observe::Counter;
using observe::Level;

/// The present exchange of a connection is all that the connection does.
class Http1 final : public Transport {
public:
    explicit Http1(Connection& connection) noexcept : connection_{connection} {}

    io::Source& content() noexcept override { return connection_.http.content(); }
    void limit_content(std::uint64_t bytes_max, milliseconds patience) noexcept override {
        connection_.http.set_content_limits(bytes_max, patience);
    }
    std::uint64_t request_bytes() const noexcept override { return connection_.http.request_bytes(); }
    bool is_pipelined() const noexcept override { return connection_.http.is_pipelined(); }
    Task<http::Sent> write_response(const http::Response& response, const h1::HeadOptions& options, io::Source* content,
                                    const SendLimits& limits, Arena& arena) override {
        connection_.socket.set_share(limits.share_bytes);
        return connection_.http.write_response(response, options, content, limits.patience, arena);
    }
    void send_full_segments(bool on) override { connection_.send_full_segments(on); }
    void reset() noexcept override { connection_.reset(); }

private:
    Connection& connection_;
};

/// What one exchange leaves behind for the connection.
struct After {
    bool persists = false;
    milliseconds idle_timeout{0};
    milliseconds idle_min{0};
    Lingering lingering = Lingering::on;
    milliseconds lingering_time{0};
    milliseconds lingering_timeout{0};
    bool broken = false;  ///< nothing more can be said to this peer
    bool unread = false;  ///< octets of the peer's are on their way that nobody will read: a close would reset

    void take(const CoreSettings& core) {
        idle_timeout = core.keepalive_timeout;
        idle_min = core.keepalive_min_timeout;
        lingering = core.lingering_close;
        lingering_time = core.lingering_time;
        lingering_timeout = core.lingering_timeout;
    }
};

h1::HeadLimits limits_of(const ConnectionSettings& settings, bool takes_underscores) {
    return {.first_buffer_bytes = settings.client_header_buffer_size,
            .large_buffers = settings.large_buffer_count,
            .large_buffer_bytes = settings.large_buffer_size,
            .field_lines_max = settings.max_headers,
            .takes_underscores = takes_underscores};
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
    Http1 http1{connection};
    Exchange exchange{connection, http1, way_in, received, arena, began};
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
    after.broken = true;
    if (timed_out && exchange.core().reset_timedout_connection) connection.reset();
    co_return after;
}

Outcome begin_answer(Exchange& exchange) {
    Worker& worker = exchange.worker;
    exchange.connection.answered_by = exchange.site.get();
    exchange.persistent = exchange.request.persistent && !exchange.connection.should_end();
    worker.metrics.add(Counter::requests);
    const Outcome first = begin(exchange);
    worker.metrics.add(Counter::writing);
    return first;
}

// What the exchange leaves behind, once `consumed` says whether the rest of its request's content has gone: it must have before the
// next request, and before a close that does not reset.
After after_exchange(Exchange& exchange, bool consumed) {
    Connection& connection = exchange.connection;
    const CoreSettings& core = exchange.core();
    After after;
    after.take(core);
    connection.answered_by = nullptr;
    after.broken = exchange.broken;
    if (after.broken) return after;
    after.persists = exchange.persistent && consumed && !connection.should_end();
    after.unread = !consumed || connection.http.has_buffered();
    if (after.persists && core.tcp_nodelay) connection.set_nodelay();
    return after;
}

Task<bool> discard_content(Exchange& exchange) {
    const CoreSettings& core = exchange.core();
    const std::uint64_t limit = core.client_max_body_size > 0 ? core.client_max_body_size : UINT64_MAX;
    const io::Deadline deadline = exchange.worker.loop.now() + core.lingering_time;
    return exchange.connection.http.finish_request(exchange.persistent ? limit : 0, deadline);
}

struct Found {
    bool ended = false;                          ///< nothing more will come
    io::Readiness needed = io::Readiness::none;  ///< none: a request has begun
    bool late = false;                           ///< it was sent before this turn of the loop began
};

/// Looks for the next request, without waiting.
Found find_request(Connection& connection) {
    io::Stream& stream = connection.stream();
    const io::Readiness slept_for = std::exchange(connection.slept_for, io::Readiness::none);
    const bool has_slept = slept_for != io::Readiness::none;
    if (!has_slept && !connection.http.has_buffered() && !stream.is_ready(io::Readiness::readable)) {
        return {.needed = io::Readiness::readable};
    }
    if (!stream.outcome(slept_for)) return {.ended = true};
    const auto needed = connection.http.find_request();
    if (!needed) return {.ended = true};
    // What can be read only after the kernel said so was sent before this turn began. The rest may be as young as this moment.
    return {.needed = *needed, .late = has_slept && connection.reads_late};
}

// keepalive_min_timeout: nobody else may end the connection meanwhile, as it is not on the list of those that wait.
// @return whether the connection goes on: there is a request, or the time is over
Task<bool> wait_undisturbed(Connection& connection, io::Deadline deadline) {
    connection.worker.metrics.add(Counter::waiting);
    auto readable = co_await connection.http.wait_for_request(deadline);
    connection.worker.metrics.add(Counter::waiting, -1);
    if (readable) co_return true;
    co_return readable.error().code == std::errc::timed_out && !connection.should_end();
}

Task<> close(Connection& connection, const After& after) {
    if (after.broken) co_return;
    if (after.lingering == Lingering::off || (after.lingering == Lingering::on && !after.unread)) {
        if (connection.tls) co_await tls::say_goodbye(*connection.tls, connection.worker.loop.now() + after.lingering_timeout);
        co_return;
    }
    co_await connection.http.close_gracefully(connection.worker.loop.now() + after.lingering_time, after.lingering_timeout);
}

}  // namespace

Task<> serve_http1(std::unique_ptr<Connection> owned, io::Deadline deadline) {
    Connection& connection = *owned;
    Worker& worker = connection.worker;
    for (;;) {
        const Found found = find_request(connection);
        if (found.ended) co_return;
        if (found.needed != io::Readiness::none) {
            Connection::sleep(std::move(owned), found.needed, deadline);
            co_return;
        }
        if (!found.late) worker.files.expect_changes();
        const bool is_first = connection.requests == 0;
        After after;
        {
            // One exchange: its arena and the Site it was answered by die with it.
            const WayIn way_in = connection.entrance->current;  // a reload between two requests is met here
            Arena arena;
            const io::TimePoint began = worker.loop.now();
            const ListenPoint& point = connection.point_behind(way_in);
            const auto& settings = point.default_host->settings.get<ConnectionSettings>();
            if (!is_first) deadline = began + settings.client_header_timeout;
            const h1::HeadLimits limits = limits_of(settings, point.takes_underscores);
            http::Request request{arena};
            worker.metrics.add(Counter::reading);
            const auto read = co_await connection.http.read_head(request, limits, deadline);
            worker.metrics.add(Counter::reading, -1);
            if (read) {
                ++connection.requests;
                Http1 http1{connection};
                Exchange exchange{connection, http1, way_in, request, arena, began};
                const Outcome first = begin_answer(exchange);
                co_await answer(exchange, first);
                worker.metrics.add(Counter::writing, -1);
                bool consumed = exchange.broken || connection.http.finish_at_once();
                if (!consumed) consumed = co_await discard_content(exchange);
                after = after_exchange(exchange, consumed);
            } else {
                const h1::ReadFailure failure = read.error();
                after = co_await refuse(connection, way_in, failure, began);
            }
        }
        if (!after.persists) {
            co_await close(connection, after);
            co_return;
        }
        deadline = worker.loop.now() + after.idle_timeout;
        if (after.idle_min.count() == 0) continue;
        const bool goes_on = co_await wait_undisturbed(connection, worker.loop.now() + std::min(after.idle_timeout, after.idle_min));
        if (!goes_on) co_return;
    }
}

}  // namespace webserv::server
