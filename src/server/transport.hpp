// server/transport.hpp: what carries one exchange: a connection that speaks HTTP/1, or a stream of one that speaks HTTP/2.
// Whoever answers an exchange knows no other difference between the versions.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/arena.hpp"
#include "base/task.hpp"
#include "h1/writer.hpp"
#include "http/message.hpp"
#include "io/source.hpp"

namespace webserv::server {

/// Bounds of sending one response.
struct SendLimits {
    std::chrono::milliseconds patience;  ///< between two writes that succeed
    std::uint64_t share_bytes = 0;       ///< what may leave in one turn of the loop before others are served; 0: no limit
};

class Transport {
public:
    Transport() = default;
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;

    /// The request's content, decoded. If the client expects it, "100 Continue" is sent before the first read.
    [[nodiscard]] virtual io::Source& content() noexcept = 0;
    /// @param bytes_max  client_max_body_size; 0: unlimited
    /// @param patience   client_body_timeout
    virtual void limit_content(std::uint64_t bytes_max, std::chrono::milliseconds patience) noexcept = 0;
    [[nodiscard]] virtual std::uint64_t request_bytes() const noexcept = 0;     ///< $request_length
    [[nodiscard]] virtual bool is_pipelined() const noexcept { return false; }  ///< it has come together with the one before

    /// Writes head and content; `content` may be null. What options say about HTTP/1's framing and persistence is for HTTP/1.
    virtual Task<http::Sent> write_response(const http::Response& response, const h1::HeadOptions& options, io::Source* content,
                                            const SendLimits& limits, Arena& arena) = 0;
    virtual void send_full_segments(bool /*on*/) {}  ///< of files; off: what was kept back leaves (tcp_nopush)
    virtual void reset() noexcept = 0;  ///< the peer shall see that something has failed: RST, of the connection or of the stream

protected:
    ~Transport() = default;
};

}  // namespace webserv::server
