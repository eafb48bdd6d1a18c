// server/http2.cpp: each stream's exchange, answered by the same phases as any other.
// The frames are h2's; what they carry is decided here.
#include "server/http2.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "server/answers.hpp"
#include "server/phases.hpp"
#include "server/worker.hpp"

namespace webserv::server {
namespace {

using observe::Counter;
using observe::Level;

h2::Limits limits_of(const ListenPoint& point) {
    const auto& settings = point.default_host->settings.get<ConnectionSettings>();
    const auto& http2 = point.default_host->settings.get<Http2Settings>();
    return {.head = {.bytes_max = settings.client_header_buffer_size + settings.large_buffer_count * settings.large_buffer_size,
                     .line_bytes_max = settings.large_buffer_size,
                     .lines_max = settings.max_headers,
                     .takes_underscores = point.takes_underscores},
            .concurrent_streams = static_cast<std::uint32_t>(http2.concurrent_streams),
            .content_window = static_cast<std::int64_t>(http2.content_window)};
}

h2::Timing timing_of(const ListenPoint& point) {
    const CoreSettings& core = *point.default_host->bare.core;
    return {.client_header_timeout = point.default_host->settings.get<ConnectionSettings>().client_header_timeout,
            .keepalive_timeout = core.keepalive_timeout,
            .send_timeout = core.send_timeout,
            .lingering_timeout = core.lingering_timeout,
            .receive_bytes = point.default_host->settings.get<Http2Settings>().receive_bytes};
}

}  // namespace

/// One stream, as its exchange sees it; in the list of those at work.
struct Http2::Carrier final : Transport {
    Carrier(Http2& all, h2::Stream& of_exchange) : owner{all}, stream{of_exchange}, next{all.first_} {
        if (next != nullptr) next->previous = this;
        owner.first_ = this;
    }
    ~Carrier() {
        (previous != nullptr ? previous->next : owner.first_) = next;
        if (next != nullptr) next->previous = previous;
    }

    io::Source& content() noexcept override { return stream.content; }
    void limit_content(std::uint64_t bytes_max, milliseconds patience) noexcept override { stream.content.limit(bytes_max, patience); }
    std::uint64_t request_bytes() const noexcept override { return stream.request_bytes; }
    Task<http::Sent> write_response(const http::Response& response, const h1::HeadOptions& options, io::Source* content,
                                    const SendLimits& limits, Arena&) override {
        sending = {.date = options.date,
                   .has_content = options.framing != h1::Framing::none,
                   .patience = limits.patience,
                   .frame_bytes_max = exchange->settings<Http2Settings>().frame_bytes_max};
        return stream.write_response(response, sending, content);
    }
    void reset() noexcept override { stream.reset(h2::ErrorCode::internal_error); }

    Http2& owner;
    h2::Stream& stream;
    const Exchange* exchange = nullptr;
    h2::Sending sending;
    Carrier* next;
    Carrier* previous = nullptr;
};

Http2::Http2(Connection& connection)
    : connection_{connection},
      http_{connection.stream(), connection.worker.loop, *this, limits_of(connection.point_behind(connection.entrance->current)),
            timing_of(connection.point_behind(connection.entrance->current))} {
    connection.http2 = this;
    if (connection.point_behind(connection.entrance->current).default_host->bare.core->tcp_nodelay) connection.set_nodelay();
}

Http2::~Http2() { connection_.http2 = nullptr; }

Task<> Http2::answer(h2::Stream& stream) {
    Worker& worker = connection_.worker;
    ++connection_.requests;
    worker.metrics.add(Counter::requests);
    worker.metrics.add(Counter::writing);
    {
        const WayIn way_in = connection_.entrance->current;  // a reload between two requests is met here
        Carrier carrier{*this, stream};
        Exchange exchange{connection_, carrier, way_in, stream.request, stream.arena, stream.began};
        carrier.exchange = &exchange;
        exchange.persistent = true;
        Outcome first;
        if (stream.refusal == 0) {
            first = begin(exchange);
        } else {
            worker.metrics.add(Counter::malformed);
            exchange.host_name = exchange.host->first_name();
            exchange.path = "/";
            exchange.log(Level::info, fmt::format("{} while reading client request headers", stream.complaint));
            first = Outcome::status(stream.refusal);
        }
        co_await server::answer(exchange, first);
    }
    worker.metrics.add(Counter::writing, -1);
    if (has_had_enough()) http_.shut_down();
    http_.release(stream);
}

bool Http2::has_had_enough() const {
    const CoreSettings& core = *connection_.point_behind(connection_.entrance->current).default_host->bare.core;
    if (connection_.should_end() || connection_.requests >= core.keepalive_requests) return true;
    return connection_.worker.loop.now() - connection_.since > core.keepalive_time;
}

void Http2::octets_come(bool announced) {
    if (!announced) connection_.worker.files.expect_changes();
}

void Http2::idle_begins() { connection_.worker.begins_to_wait(connection_); }

void Http2::idle_ends() { connection_.worker.ends_waiting(connection_); }

void Http2::cut_off(const Site* site) {
    for (Carrier* carrier = first_; carrier != nullptr; carrier = carrier->next) {
        if (carrier->exchange != nullptr && carrier->exchange->site.get() == site) carrier->reset();
    }
}

void Http2::ends(bool timed_out) {
    constexpr std::string_view doing = "processing HTTP/2 connection";
    if (timed_out) connection_.log(Level::info, "client timed out", doing);
    const h2::ErrorCode error = http_.session.error();
    if (error == h2::ErrorCode::no_error) return;
    connection_.worker.metrics.add(Counter::malformed);
    const std::string message = fmt::format("{}: {}", http_.session.complaint(), h2::name_of(error));
    connection_.log(error == h2::ErrorCode::enhance_your_calm ? Level::warn : Level::info, message, doing);
}

bool speaks_http2(const ListenPoint& point, const VirtualHost& host) { return point.http2 || host.settings.get<Http2Settings>().enabled; }

Task<> serve_http2(std::unique_ptr<Connection> owned) {
    Connection& connection = *owned;
    const std::string octets{connection.http.buffered()};
    if (connection.tls) connection.tls->write_own_memory();  // frames are put together before they leave
    Http2 http2{connection};
    co_await http2.run(octets);
}

}  // namespace webserv::server
