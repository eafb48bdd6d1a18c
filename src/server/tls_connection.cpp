// server/tls_connection.cpp: the client's hello is read before OpenSSL sees anything: the server that it names decides about everything
// else, protocols included. Until the hello is complete, a connection costs no more than its octets.
#include "server/tls_connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <coroutine>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "server/http2.hpp"
#include "server/tls_settings.hpp"
#include "server/worker.hpp"
#include "tls/client_hello.hpp"
#include "tls/stream.hpp"

namespace webserv::server {
namespace {

using observe::Level;

constexpr std::string_view doing = "SSL handshaking";

// What a client says first is mostly shorter.
constexpr std::size_t hello_read_bytes = 2'048;

// A handshake takes as long as many requests: not more of them than this begin in one turn of the loop, so that whoever is connected
// already does not wait for a crowd at the door.
constexpr unsigned handshakes_a_turn_max = 8;

// RFC 8446 section 6: an alert, fatal, unrecognized_name.
constexpr std::array<char, 7> unrecognized_name{0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x70};

/// Resumes in a later turn of the loop, or later in this one.
struct Later {
    io::Loop& loop;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) { loop.post(waiter); }
    void await_resume() const noexcept {}
};

struct Turn {
    std::uint32_t number = 0;
    unsigned handshakes = 0;
};
thread_local Turn turn;  // of the worker's loop: a worker is a thread

bool may_begin(const io::Loop& loop) {
    if (std::exchange(turn.number, loop.turns()) != loop.turns()) turn.handshakes = 0;
    return ++turn.handshakes <= handshakes_a_turn_max;
}

struct Arrival {
    Connection& connection;
    const WayIn way_in;
    const ListenPoint& point;
    io::Deadline deadline;

    explicit Arrival(Connection& arriving)
        : connection{arriving}, way_in{arriving.entrance->current}, point{arriving.point_behind(way_in)}, deadline{arriving.since} {
        const auto& settings = point.default_host->settings;
        const auto patience = settings.get<TlsSettings>().handshake_timeout;
        deadline += patience.value_or(settings.get<ConnectionSettings>().client_header_timeout);
    }
    void log(Level level, std::string_view message) const { connection.log(level, message, doing); }
    void log_failure(const Error& error) const {
        if (error.code == std::errc::operation_canceled) return;  // we are ending
        if (error.code == std::errc::connection_aborted) return log(Level::info, "peer closed connection in SSL handshake");
        const std::string number = describe_errno(static_cast<int>(error.code));
        const bool timed_out = error.code == std::errc::timed_out;
        log(Level::info, timed_out ? "client timed out " + number : fmt::format("{}() failed {}", error.doing, number));
    }
};

/// Reads on until the hello is complete, or something else. Nothing: that never came.
Task<std::optional<tls::ClientHello>> read_hello(const Arrival& arrival, std::string& received) {
    for (;;) {
        tls::ClientHello hello = tls::parse_client_hello(received);
        if (hello.progress != tls::ClientHello::Progress::incomplete) co_return hello;
        const std::size_t before = received.size();
        received.resize(before + hello_read_bytes);
        const std::span<char> room{received.data() + before, hello_read_bytes};
        const auto count = co_await io::read_some(arrival.connection.socket, room, arrival.deadline);
        received.resize(before + count.value_or(0));
        if (count && *count > 0) continue;
        if (!count) {
            arrival.log_failure(count.error());
        } else if (before > 0) {
            arrival.log(Level::info, "peer closed connection in SSL handshake");
        }
        co_return std::nullopt;
    }
}

/// The server that the client means, or the default.
const VirtualHost& host_of(const ListenPoint& point, const std::string& name) {
    if (name.empty() || point.single) return *point.default_host;
    Arena arena;
    const NameTable::Choice choice = point.names.find(name, arena);
    return choice.host != nullptr ? *choice.host : *point.default_host;
}

/// Of a server whose certificates depend on who asks.
struct Certificates final : tls::CertificateSource {
    Certificates(Connection& arriving, const VirtualHost& owner, NamedCertificates& of_host)
        : connection{arriving}, host{owner}, certificates{of_host} {}
    bool provide(const tls::Stream& stream) override { return provide_certificates(connection, stream, host, certificates); }

    Connection& connection;
    const VirtualHost& host;
    NamedCertificates& certificates;
};

Task<bool> shake_hands(Arrival& arrival, const VirtualHost& host, const std::string& received) {
    Connection& connection = arrival.connection;
    // A server of this address that has no certificate of its own uses the default's.
    const VirtualHost& owner = host.tls ? host : *arrival.point.default_host;
    connection.tls = std::make_unique<tls::Stream>(connection.socket, *owner.tls, host.settings.get<TlsSettings>().record_bytes);
    tls::Stream& stream = *connection.tls;
    std::optional<Certificates> certificates;
    if (owner.tls_certificates) {
        certificates.emplace(connection, host, *owner.tls_certificates);
        stream.ask_for_certificates(*certificates);
    }
    if (!speaks_http2(arrival.point, host)) stream.leave_out("h2");
    stream.begin_with(received);
    const auto done = co_await tls::handshake(stream, arrival.deadline);
    if (!done) {
        if (const auto failure = stream.failure(); !failure.empty()) {
            arrival.log(Level::info, failure);
        } else {
            arrival.log_failure(done.error());
        }
        connection.tls.reset();
        co_return false;
    }
    connection.use(std::move(connection.tls));
    co_return true;
}

}  // namespace

Task<bool> begin_tls(Connection& connection, std::string& received) {
    Arrival arrival{connection};
    const auto hello = co_await read_hello(arrival, received);
    if (!hello) co_return false;
    if (hello->progress == tls::ClientHello::Progress::not_tls) {
        connection.http.begin_with(received);
        co_return true;
    }
    const VirtualHost& host = host_of(arrival.point, hello->server_name);
    if (host.settings.get<TlsSettings>().reject_handshake) {
        const iovec alert{const_cast<char*>(unrecognized_name.data()), unrecognized_name.size()};  // it is only read
        (void)connection.socket.try_write({&alert, 1});
        arrival.log(Level::info, "handshake rejected");
        co_return false;
    }
    while (!may_begin(connection.worker.loop)) co_await Later{connection.worker.loop};
    const bool done = co_await shake_hands(arrival, host, received);
    co_return done;
}

}  // namespace webserv::server
