// sys/tcp_facts.hpp: what the kernel tells about a TCP socket: the client's SYN, the round trip, the accept queue.
// For those who watch; nothing here is asked on the way of a request.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace webserv::sys {

/// The first packet of a connection, RFC 9293 section 3.1.
struct Syn {
    std::uint32_t sequence = 0;                        ///< the client counts its octets from here
    std::uint16_t window = 0;                          ///< octets it takes before we must wait for it; not scaled in a SYN
    std::optional<std::uint16_t> segment_bytes_max{};  ///< MSS: the most it takes in one segment
    std::optional<std::uint8_t> window_scale{};        ///< RFC 7323: later windows are shifted left by this
    bool selective_acknowledgment = false;             ///< RFC 2018

    bool operator==(const Syn&) const = default;
};

/// Parses the headers of a SYN, IPv4 or IPv6, as TCP_SAVED_SYN gives them. Nothing: they are cut short or something else.
[[nodiscard]] std::optional<Syn> parse_syn(std::string_view headers) noexcept;

/// The SYN that an accepted connection began with, if its listener was told to keep it (TCP_SAVE_SYN). It can be asked once. tcp(7).
[[nodiscard]] std::optional<Syn> take_saved_syn(int descriptor) noexcept;

/// TCP_INFO of tcp(7), as far as it is about what we show.
struct TcpFacts {
    std::chrono::microseconds round_trip{0};  ///< the first measure is the handshake's
    std::chrono::microseconds round_trip_variance{0};
    std::uint32_t congestion_window = 0;  ///< segments that may be on their way to the peer
    std::uint32_t receive_space = 0;      ///< octets
    std::uint32_t segment_bytes_max = 0;  ///< that we send
    std::uint32_t retransmitted = 0;      ///< segments that had to be sent again, in the connection's whole life
    std::uint32_t queued = 0;             ///< of a listening socket: connections that wait for accept ...
    std::uint32_t queue_max = 0;          ///< ... and its backlog, after the kernel's own limit
};

/// Nothing: not a TCP socket.
[[nodiscard]] std::optional<TcpFacts> tcp_facts(int descriptor) noexcept;

}  // namespace webserv::sys
