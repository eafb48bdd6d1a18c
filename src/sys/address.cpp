// sys/address.cpp: building, reading and printing socket addresses: ip(7), ipv6(7), unix(7).
// Everything is in network byte order inside, in the machine's outside.
#include "sys/address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>

namespace webserv::sys {

namespace {

constexpr socklen_t path_offset = offsetof(sockaddr_un, sun_path);

/// inet_pton(3) wants a terminated string.
bool parse_literal(int family, std::string_view literal, void* into) noexcept {
    char text[INET6_ADDRSTRLEN + 1] = {};
    if (literal.size() >= sizeof text) return false;
    std::memcpy(text, literal.data(), literal.size());
    return ::inet_pton(family, text, into) == 1;
}

/// 192.0.2.1. Logs want it with every request, and inet_ntop(3) goes through printf.
std::string dotted(std::uint32_t number) {
    char text[INET_ADDRSTRLEN];
    char* end = text;
    for (int shift = 24; shift >= 0; shift -= 8) {
        end = std::to_chars(end, std::end(text), number >> shift & 0xffU).ptr;
        if (shift > 0) *end++ = '.';
    }
    return {text, end};
}

}  // namespace

Address::Address() noexcept : storage_{} {
    std::memset(&storage_, 0, sizeof storage_);
    storage_.any.sa_family = AF_UNSPEC;
}

Address Address::ipv4_any(std::uint16_t port) noexcept {
    Address address;
    address.storage_.ipv4.sin_family = AF_INET;
    address.storage_.ipv4.sin_port = htons(port);
    address.size_ = sizeof(sockaddr_in);
    return address;
}

Address Address::ipv6_any(std::uint16_t port) noexcept {
    Address address;
    address.storage_.ipv6.sin6_family = AF_INET6;
    address.storage_.ipv6.sin6_port = htons(port);
    address.size_ = sizeof(sockaddr_in6);
    return address;
}

std::optional<Address> Address::parse_ip(std::string_view literal, std::uint16_t port) noexcept {
    const bool bracketed = literal.size() >= 2 && literal.front() == '[' && literal.back() == ']';
    if (bracketed) literal = literal.substr(1, literal.size() - 2);
    // A NUL inside would hide what follows it from inet_pton.
    if (literal.find('\0') != literal.npos) return std::nullopt;

    Address address = ipv4_any(port);
    if (!bracketed && parse_literal(AF_INET, literal, &address.storage_.ipv4.sin_addr)) return address;
    address = ipv6_any(port);
    if (parse_literal(AF_INET6, literal, &address.storage_.ipv6.sin6_addr)) return address;
    return std::nullopt;
}

std::optional<Address> Address::local(std::string_view path) noexcept {
    if (path.empty() || path == "@" || path.find('\0') != path.npos) return std::nullopt;
    const bool abstract = path.front() == '@';
    // A path keeps room for its final NUL, which every reader of the address expects; an abstract name has none.
    const std::size_t path_max = sizeof(sockaddr_un::sun_path) - (abstract ? 0 : 1);
    if (path.size() > path_max) return std::nullopt;

    Address address;
    address.storage_.local.sun_family = AF_UNIX;
    std::memcpy(address.storage_.local.sun_path, path.data(), path.size());
    if (abstract) address.storage_.local.sun_path[0] = '\0';
    address.size_ = static_cast<socklen_t>(path_offset + path.size() + (abstract ? 0 : 1));
    return address;
}

Address Address::from(const sockaddr* raw, socklen_t size) noexcept {
    Address address;
    address.set_size(size);
    std::memcpy(&address.storage_, raw, address.size_);
    return address;
}

bool Address::is_wildcard() const noexcept {
    if (family() == AF_INET) return storage_.ipv4.sin_addr.s_addr == INADDR_ANY;
    if (family() == AF_INET6) return IN6_IS_ADDR_UNSPECIFIED(&storage_.ipv6.sin6_addr);
    return false;
}

std::uint16_t Address::port() const noexcept {
    if (family() == AF_INET) return ntohs(storage_.ipv4.sin_port);
    if (family() == AF_INET6) return ntohs(storage_.ipv6.sin6_port);
    return 0;
}

void Address::set_port(std::uint16_t port) noexcept {
    if (family() == AF_INET) storage_.ipv4.sin_port = htons(port);
    if (family() == AF_INET6) storage_.ipv6.sin6_port = htons(port);
}

std::string Address::local_name() const {
    if (!is_local() || size_ <= path_offset) return {};
    const std::string_view octets{storage_.local.sun_path, static_cast<std::size_t>(size_ - path_offset)};
    if (octets.front() == '\0') return "@" + std::string{octets.substr(1)};
    return std::string{octets.substr(0, octets.find('\0'))};
}

std::string Address::host() const {
    if (family() == AF_INET) return dotted(ntohl(storage_.ipv4.sin_addr.s_addr));
    char text[INET6_ADDRSTRLEN] = {};
    if (family() == AF_INET6) return ::inet_ntop(AF_INET6, &storage_.ipv6.sin6_addr, text, sizeof text);
    if (is_local()) return "unix:";
    return {};
}

std::string Address::text() const {
    if (is_local()) return "unix:" + local_name();
    if (family() == AF_INET6) return fmt::format("[{}]:{}", host(), port());
    if (family() == AF_INET) return fmt::format("{}:{}", host(), port());
    return {};
}

bool Address::operator==(const Address& other) const noexcept {
    if (family() != other.family() || port() != other.port()) return false;
    const Storage& a = storage_;
    const Storage& b = other.storage_;
    if (family() == AF_INET) return a.ipv4.sin_addr.s_addr == b.ipv4.sin_addr.s_addr;
    if (family() == AF_INET6) {
        return IN6_ARE_ADDR_EQUAL(&a.ipv6.sin6_addr, &b.ipv6.sin6_addr) && a.ipv6.sin6_scope_id == b.ipv6.sin6_scope_id;
    }
    return size_ == other.size_ && std::equal(a.bytes, a.bytes + size_, b.bytes);
}

}  // namespace webserv::sys
