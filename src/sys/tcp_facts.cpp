// sys/tcp_facts.cpp: getsockopt(2) for TCP_INFO and TCP_SAVED_SYN, and the reading of the headers that the latter gives.
// The headers came over the wire: every octet is looked for before it is looked at.
#include "sys/tcp_facts.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>

namespace webserv::sys {
namespace {

std::uint8_t octet(std::string_view text, std::size_t at) noexcept { return static_cast<std::uint8_t>(text[at]); }

std::uint16_t number16(std::string_view text, std::size_t at) noexcept {
    return static_cast<std::uint16_t>(octet(text, at) << 8 | octet(text, at + 1));
}

std::uint32_t number32(std::string_view text, std::size_t at) noexcept {
    return static_cast<std::uint32_t>(number16(text, at)) << 16 | number16(text, at + 2);
}

constexpr std::uint8_t tcp_protocol = 6;

/// Without the IP header. IPv6 with extension headers is left alone: no kernel sends them before a SYN unasked.
std::optional<std::string_view> tcp_header_in(std::string_view packet) noexcept {
    constexpr std::size_t ipv4_bytes_min = 20;
    constexpr std::size_t ipv6_bytes = 40;
    if (packet.empty()) return std::nullopt;
    const unsigned version = octet(packet, 0) >> 4U;
    if (version == 6) {
        if (packet.size() < ipv6_bytes || octet(packet, 6) != tcp_protocol) return std::nullopt;
        return packet.substr(ipv6_bytes);
    }
    const std::size_t length = (octet(packet, 0) & 0x0fU) * 4U;
    if (version != 4 || length < ipv4_bytes_min || packet.size() < length || octet(packet, 9) != tcp_protocol) return std::nullopt;
    return packet.substr(length);
}

/// RFC 9293 section 3.2: kind, and but for kinds 0 and 1 a length that counts both.
void read_options(std::string_view options, Syn& syn) noexcept {
    constexpr std::uint8_t end = 0;
    constexpr std::uint8_t padding = 1;
    while (!options.empty() && octet(options, 0) != end) {
        if (octet(options, 0) == padding) {
            options.remove_prefix(1);
            continue;
        }
        if (options.size() < 2) return;
        const std::size_t length = octet(options, 1);
        if (length < 2 || length > options.size()) return;
        switch (octet(options, 0)) {
            case TCPOPT_MAXSEG:
                if (length == TCPOLEN_MAXSEG) syn.segment_bytes_max = number16(options, 2);
                break;
            case TCPOPT_WINDOW:
                if (length == TCPOLEN_WINDOW) syn.window_scale = octet(options, 2);
                break;
            case TCPOPT_SACK_PERMITTED:
                syn.selective_acknowledgment = true;
                break;
            default:
                break;
        }
        options.remove_prefix(length);
    }
}

}  // namespace

std::optional<Syn> parse_syn(std::string_view headers) noexcept {
    constexpr std::size_t tcp_bytes_min = 20;
    const auto tcp = tcp_header_in(headers);
    if (!tcp || tcp->size() < tcp_bytes_min) return std::nullopt;
    const std::size_t length = (octet(*tcp, 12) >> 4U) * 4U;
    const bool is_syn = (octet(*tcp, 13) & TH_SYN) != 0;
    if (!is_syn || length < tcp_bytes_min || length > tcp->size()) return std::nullopt;
    Syn syn{.sequence = number32(*tcp, 4), .window = number16(*tcp, 14)};
    read_options(tcp->substr(tcp_bytes_min, length - tcp_bytes_min), syn);
    return syn;
}

std::optional<Syn> take_saved_syn(int descriptor) noexcept {
    std::array<char, 512> headers{};  // IPv6 and TCP have 100 octets at most, IPv4 and TCP 120
    socklen_t size = headers.size();
    if (::getsockopt(descriptor, IPPROTO_TCP, TCP_SAVED_SYN, headers.data(), &size) < 0) return std::nullopt;
    return parse_syn({headers.data(), size});
}

std::optional<TcpFacts> tcp_facts(int descriptor) noexcept {
    tcp_info info{};
    socklen_t size = sizeof info;
    if (::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) < 0) return std::nullopt;
    TcpFacts facts{.round_trip = std::chrono::microseconds{info.tcpi_rtt},
                   .round_trip_variance = std::chrono::microseconds{info.tcpi_rttvar},
                   .congestion_window = info.tcpi_snd_cwnd,
                   .receive_space = info.tcpi_rcv_space,
                   .segment_bytes_max = info.tcpi_snd_mss,
                   .retransmitted = info.tcpi_total_retrans};
    // The two fields mean something else for a socket that listens: tcp_get_info() of the kernel.
    if (info.tcpi_state == TCP_LISTEN) {
        facts.queued = info.tcpi_unacked;
        facts.queue_max = info.tcpi_sacked;
    }
    return facts;
}

}  // namespace webserv::sys
