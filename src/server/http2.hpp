// server/http2.hpp: a connection that speaks HTTP/2: many exchanges at once, each a task of its own.
// What holds for the connection is its default server's; each exchange meets the newest site.
#pragma once

#include <memory>

#include "base/task.hpp"
#include "h2/connection.hpp"
#include "server/connection.hpp"

namespace webserv::server {

/// Http2 and the directives of that name.
struct Http2Settings {
    bool enabled = false;                      ///< http2
    std::uint64_t concurrent_streams = 128;    ///< http2_max_concurrent_streams
    std::uint64_t content_window = 65'536;     ///< http2_body_preread_size
    std::uint64_t receive_bytes = 256U << 10;  ///< http2_recv_buffer_size
    std::uint64_t frame_bytes_max = 8192;      ///< http2_chunk_size
};

class Http2 final : private h2::Answerer {
public:
    explicit Http2(Connection& connection);
    Http2(const Http2&) = delete;
    Http2& operator=(const Http2&) = delete;
    ~Http2();

    Task<> run(std::string_view octets) { return http_.run(octets); }
    void shut_down() { http_.shut_down(); }
    /// Resets the streams whose exchanges are answered by this site.
    void cut_off(const Site* site);

private:
    struct Carrier;
    Task<> answer(h2::Stream& stream) override;
    void octets_come(bool announced) override;
    void idle_begins() override;
    void idle_ends() override;
    void ends(bool timed_out) override;
    [[nodiscard]] bool has_had_enough() const;

    Connection& connection_;
    h2::Connection http_;
    Carrier* first_ = nullptr;  // of the exchanges at work
};

/// Whether HTTP/2 is spoken with peers who offer it there, to this server or, without TLS, with its preface.
[[nodiscard]] bool speaks_http2(const ListenPoint& point, const VirtualHost& host);

/// Answers requests until either side ends the connection; octets of it may be buffered already.
Task<> serve_http2(std::unique_ptr<Connection> owned);

}  // namespace webserv::server
