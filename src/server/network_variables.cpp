// server/network_variables.cpp: variables about how a request came: addresses as octets, the kernel's view of the connection,
// what a proxy has said about it. With nginx's names and values.
#include <fmt/format.h>

#include <type_traits>

#include "http/target.hpp"
#include "server/core_modules.hpp"
#include "server/exchange.hpp"
#include "sys/tcp_facts.hpp"

namespace webserv::server {
namespace {

using Value = std::optional<std::string_view>;

Value number(Exchange& exchange, std::uint64_t value) { return exchange.arena.copy(fmt::format_int{value}.c_str()); }

// Four or sixteen octets: short keys for tables.
Value binary_address(Exchange& exchange, std::string_view) {
    const sys::Address client = exchange.client();
    if (client.family() == AF_INET) {
        const auto* const ipv4 = reinterpret_cast<const sockaddr_in*>(client.data());
        return exchange.arena.copy({reinterpret_cast<const char*>(&ipv4->sin_addr), sizeof ipv4->sin_addr});
    }
    if (client.family() == AF_INET6) {
        const auto* const ipv6 = reinterpret_cast<const sockaddr_in6*>(client.data());
        return exchange.arena.copy({reinterpret_cast<const char*>(&ipv6->sin6_addr), sizeof ipv6->sin6_addr});
    }
    return exchange.arena.copy(client.host());
}

template <auto Fact>
Value tcp_fact(Exchange& exchange, std::string_view) {
    const auto facts = sys::tcp_facts(exchange.connection.socket.descriptor().get());
    if (!facts) return std::nullopt;
    if constexpr (std::is_same_v<decltype(Fact), std::chrono::microseconds sys::TcpFacts::*>) {
        return number(exchange, static_cast<std::uint64_t>(((*facts).*Fact).count()));
    } else {
        return number(exchange, (*facts).*Fact);
    }
}

template <auto Member>
Value proxied(Exchange& exchange, std::string_view) {
    const ProxyHeader* const header = exchange.connection.proxy_header.get();
    if (header == nullptr) return std::nullopt;
    if constexpr (std::is_same_v<decltype(Member), std::string ProxyHeader::*>) {
        return header->*Member;
    } else {
        return number(exchange, header->*Member);
    }
}

Value proxied_extension(Exchange& exchange, std::string_view name) {
    const ProxyHeader* const header = exchange.connection.proxy_header.get();
    const auto value = header != nullptr ? header->extension(name) : std::nullopt;
    return value ? Value{exchange.arena.copy(*value)} : Value{};
}

// As the client has said it, not where it has connected to.
Value request_port(Exchange& exchange, std::string_view) {
    const auto authority = http::parse_authority(exchange.request.authority);
    return authority && authority->port ? number(exchange, *authority->port) : Value{""};
}

constexpr Variable variables[] = {
    {.name = "binary_remote_addr", .get = binary_address},
    {.name = "proxy_protocol_addr", .get = proxied<&ProxyHeader::source>},
    {.name = "proxy_protocol_port", .get = proxied<&ProxyHeader::source_port>},
    {.name = "proxy_protocol_server_addr", .get = proxied<&ProxyHeader::destination>},
    {.name = "proxy_protocol_server_port", .get = proxied<&ProxyHeader::destination_port>},
    {.name = "proxy_protocol_tlv_", .get = proxied_extension, .prefix = true},
    {.name = "request_port", .get = request_port},
    {.name = "is_request_port",
     .get = [](Exchange& exchange, std::string_view) -> Value { return request_port(exchange, {})->empty() ? "" : ":"; }},
    {.name = "tcpinfo_rtt", .get = tcp_fact<&sys::TcpFacts::round_trip>, .cacheable = false},
    {.name = "tcpinfo_rttvar", .get = tcp_fact<&sys::TcpFacts::round_trip_variance>, .cacheable = false},
    {.name = "tcpinfo_snd_cwnd", .get = tcp_fact<&sys::TcpFacts::congestion_window>, .cacheable = false},
    {.name = "tcpinfo_rcv_space", .get = tcp_fact<&sys::TcpFacts::receive_space>, .cacheable = false},
};

}  // namespace

constexpr Module network_variables_module{
    .name = "network variables", .directives = {}, .variables = variables, .handlers = {}, .filters = {}};

}  // namespace webserv::server
