// server/proxy_protocol.cpp: version 1 is a line of text, version 2 begins with twelve octets that are no text.
// What does not fit is refused: who could make up a client must not be able to confuse us about where his request begins.
#include "server/proxy_protocol.hpp"

#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/text.hpp"
#include "sys/address.hpp"

namespace webserv::server {
namespace {

using Step = ProxyHeaderStep;
using Progress = Step::Progress;

constexpr std::string_view signature{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::string_view opening = "PROXY ";
constexpr std::size_t line_bytes_max = 107;  // of version 1, with its end
constexpr std::size_t head_bytes = 16;       // of version 2: signature, version and command, family, length

Step failed_with(std::string complaint) {
    return {.progress = Progress::failed, .bytes = 0, .header = std::nullopt, .complaint = std::move(complaint)};
}

Step broken(std::string_view gathered) {
    return failed_with(fmt::format("broken header: \"{}\"", gathered.substr(0, gathered.find_first_of("\r\n"))));
}

std::string_view take_word(std::string_view& line) {
    const std::size_t space = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, space);
    line.remove_prefix(std::min(space + 1, line.size()));
    return word;
}

bool is_address(std::string_view literal, int family) {
    const auto address = literal.starts_with('[') ? std::nullopt : sys::Address::parse_ip(literal, 0);
    return address && address->family() == family;
}

std::optional<std::uint16_t> parse_port(std::string_view digits) {
    const auto number = text::parse_decimal(digits);
    if (!number || *number > 65535 || digits.size() > 5) return std::nullopt;
    return static_cast<std::uint16_t>(*number);
}

// "TCP4 192.0.2.1 192.0.2.2 1234 80", "TCP6 ...", "UNKNOWN ..."
Step parse_line(std::string_view gathered) {
    const std::size_t feed = gathered.find('\n');
    if (feed == gathered.npos && gathered.size() < line_bytes_max) return {};
    if (feed >= line_bytes_max || gathered[feed - 1] != '\r') return broken(gathered);  // npos is larger than any bound
    const std::size_t end = feed - 1;
    std::string_view line = gathered.substr(opening.size(), end - opening.size());
    Step step{.progress = Progress::complete, .bytes = end + 2, .header = std::nullopt, .complaint = {}};
    if (line.starts_with("UNKNOWN")) return step;
    const std::string_view protocol = take_word(line);
    if (protocol != "TCP4" && protocol != "TCP6") return broken(gathered);
    const int family = protocol == "TCP4" ? AF_INET : AF_INET6;
    ProxyHeader header;
    header.source = take_word(line);
    header.destination = take_word(line);
    const auto source_port = parse_port(take_word(line));
    const auto destination_port = parse_port(line);
    const bool good = is_address(header.source, family) && is_address(header.destination, family) && source_port && destination_port;
    if (!good) return broken(gathered);
    header.source_port = *source_port;
    header.destination_port = *destination_port;
    step.header = std::move(header);
    return step;
}

unsigned octet_at(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }
std::uint16_t number_at(std::string_view text, std::size_t at) {
    return static_cast<std::uint16_t>((octet_at(text, at) << 8) | octet_at(text, at + 1));
}

std::string address_at(std::string_view text, std::size_t at, int family) {
    if (family == AF_INET) {
        sockaddr_in ipv4{};
        ipv4.sin_family = AF_INET;
        std::memcpy(&ipv4.sin_addr, text.data() + at, sizeof ipv4.sin_addr);
        return sys::Address::from(reinterpret_cast<const sockaddr*>(&ipv4), sizeof ipv4).host();
    }
    sockaddr_in6 ipv6{};
    ipv6.sin6_family = AF_INET6;
    std::memcpy(&ipv6.sin6_addr, text.data() + at, sizeof ipv6.sin6_addr);
    return sys::Address::from(reinterpret_cast<const sockaddr*>(&ipv6), sizeof ipv6).host();
}

Step parse_binary(std::string_view gathered) {
    if (gathered.size() > signature.size() && octet_at(gathered, 12) >> 4 != 2) {
        return failed_with(fmt::format("unknown PROXY protocol version: {}", octet_at(gathered, 12) >> 4));
    }
    if (gathered.size() < head_bytes) return {};
    const std::size_t length = number_at(gathered, 14);
    if (head_bytes + length > proxy_header_bytes_max) return failed_with("PROXY protocol header is too large");
    if (gathered.size() < head_bytes + length) return {};
    Step step{.progress = Progress::complete, .bytes = head_bytes + length, .header = std::nullopt, .complaint = {}};
    const bool speaks_for_client = (octet_at(gathered, 12) & 0x0f) == 1;
    const bool is_stream = (octet_at(gathered, 13) & 0x0f) == 1;
    const unsigned family_code = octet_at(gathered, 13) >> 4;
    if (!speaks_for_client || !is_stream || (family_code != 1 && family_code != 2))
        return step;  // the proxy itself, or a way we do not know

    const int family = family_code == 1 ? AF_INET : AF_INET6;
    const std::size_t address_bytes = family == AF_INET ? 4 : 16;
    const std::string_view body = gathered.substr(head_bytes, length);
    if (body.size() < 2 * address_bytes + 4) return failed_with("broken PROXY protocol header: too short for its addresses");
    ProxyHeader header;
    header.source = address_at(body, 0, family);
    header.destination = address_at(body, address_bytes, family);
    header.source_port = number_at(body, 2 * address_bytes);
    header.destination_port = number_at(body, 2 * address_bytes + 2);
    header.extensions = body.substr(2 * address_bytes + 4);
    step.header = std::move(header);
    return step;
}

// One that claims more octets than there are ends the list.
std::optional<std::string_view> find_extension(std::string_view list, unsigned type) {
    constexpr std::size_t start_bytes = 3;  // type and length
    while (list.size() >= start_bytes) {
        const std::size_t length = number_at(list, 1);
        if (length > list.size() - start_bytes) return std::nullopt;
        if (octet_at(list, 0) == type) return list.substr(start_bytes, length);
        list.remove_prefix(start_bytes + length);
    }
    return std::nullopt;
}

struct NamedType {
    std::string_view name;
    unsigned type;
};
constexpr std::array<NamedType, 5> types{{{"alpn", 0x01}, {"authority", 0x02}, {"unique_id", 0x05}, {"ssl", 0x20}, {"netns", 0x30}}};
constexpr std::array<NamedType, 5> tls_types{{{"version", 0x21}, {"cn", 0x22}, {"cipher", 0x23}, {"sig_alg", 0x24}, {"key_alg", 0x25}}};

std::optional<unsigned> type_of(std::string_view name, const std::array<NamedType, 5>& known) {
    if (name.starts_with("0x")) {
        unsigned type = 0;
        const auto [stop, error] = std::from_chars(name.data() + 2, name.data() + name.size(), type, 16);
        const bool good = error == std::errc{} && stop == name.data() + name.size() && type <= 0xff;
        return good ? std::optional{type} : std::nullopt;
    }
    const auto found = std::find_if(known.begin(), known.end(), [&](const NamedType& entry) { return entry.name == name; });
    return found != known.end() ? std::optional{found->type} : std::nullopt;
}

}  // namespace

std::optional<std::string> ProxyHeader::extension(std::string_view name) const {
    std::string_view list = extensions;
    const bool inner = name.starts_with("ssl_");
    if (inner) {
        constexpr std::size_t tls_head_bytes = 5;  // of the client's certificate: what there is, and what its verification gave
        const auto tls = find_extension(list, 0x20);
        if (!tls || tls->size() < tls_head_bytes) return std::nullopt;
        name.remove_prefix(4);
        if (name == "verify") return fmt::to_string(static_cast<std::uint32_t>(number_at(*tls, 1)) << 16 | number_at(*tls, 3));
        list = tls->substr(tls_head_bytes);
    }
    const auto type = type_of(name, inner ? tls_types : types);
    const auto value = type ? find_extension(list, *type) : std::nullopt;
    return value ? std::optional<std::string>{*value} : std::nullopt;
}

ProxyHeaderStep parse_proxy_header(std::string_view gathered) {
    const auto may_become = [gathered](std::string_view start) {
        const std::size_t seen = std::min(gathered.size(), start.size());
        return gathered.substr(0, seen) == start.substr(0, seen);
    };
    if (may_become(opening)) return gathered.size() < opening.size() ? Step{} : parse_line(gathered);
    if (may_become(signature)) return gathered.size() < signature.size() ? Step{} : parse_binary(gathered);
    return broken(gathered);
}

}  // namespace webserv::server
