// sys/network.cpp: octets compared under a mask.
// Both families are kept in the same sixteen octets, so that one loop compares them.
#include "sys/network.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "base/text.hpp"

namespace webserv::sys {
namespace {

constexpr std::size_t ipv4_octets = 4, ipv6_octets = 16;

std::size_t octets_of(int family) { return family == AF_INET ? ipv4_octets : ipv6_octets; }

std::array<std::uint8_t, 16> octets_in(const Address& address) noexcept {
    std::array<std::uint8_t, 16> octets{};
    if (address.family() == AF_INET) {
        std::memcpy(octets.data(), &reinterpret_cast<const sockaddr_in*>(address.data())->sin_addr, ipv4_octets);
    } else if (address.family() == AF_INET6) {
        std::memcpy(octets.data(), &reinterpret_cast<const sockaddr_in6*>(address.data())->sin6_addr, ipv6_octets);
    }
    return octets;
}

}  // namespace

Address without_mapping(const Address& address) noexcept {
    if (address.family() != AF_INET6) return address;
    const auto* const ipv6 = reinterpret_cast<const sockaddr_in6*>(address.data());
    if (!IN6_IS_ADDR_V4MAPPED(&ipv6->sin6_addr)) return address;
    sockaddr_in ipv4{};
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = ipv6->sin6_port;
    std::memcpy(&ipv4.sin_addr, &ipv6->sin6_addr.s6_addr[12], sizeof ipv4.sin_addr);
    return Address::from(reinterpret_cast<const sockaddr*>(&ipv4), sizeof ipv4);
}

void Network::set_prefix(const Octets& octets, unsigned bits) noexcept {
    for (std::size_t i = 0; i < octets_of(family_); ++i) {
        const unsigned here = std::min(bits, 8U);
        bits -= here;
        mask_[i] = static_cast<std::uint8_t>(0xff00U >> here);
        octets_[i] = octets[i] & mask_[i];
        stray_bits_ = stray_bits_ || octets_[i] != octets[i];
    }
}

std::optional<Network> Network::parse(std::string_view text) noexcept {
    const std::size_t slash = text.find('/');
    const std::string_view literal = text.substr(0, slash);
    const auto address = literal.starts_with('[') ? std::nullopt : Address::parse_ip(literal, 0);
    if (!address) return std::nullopt;
    Network network;
    network.family_ = address->family();
    const std::size_t bits_max = octets_of(network.family_) * 8;
    std::uint64_t bits = bits_max;
    if (slash != text.npos) {
        const auto number = text::parse_decimal(text.substr(slash + 1));
        if (!number || *number > bits_max) return std::nullopt;
        bits = *number;
    }
    network.set_prefix(octets_in(*address), static_cast<unsigned>(bits));
    return network;
}

Network Network::of(const Address& address) noexcept {
    Network network;
    network.family_ = address.family();
    if (!address.is_local()) network.set_prefix(octets_in(address), static_cast<unsigned>(octets_of(network.family_) * 8));
    return network;
}

Network Network::local() noexcept {
    Network network;
    network.family_ = AF_UNIX;
    return network;
}

Network Network::everybody() noexcept { return {}; }

bool Network::contains(const Address& address) const noexcept {
    if (family_ == AF_UNSPEC) return true;
    const Address plain = without_mapping(address);
    const Address& subject = family_ == AF_INET ? plain : address;
    if (subject.family() != family_) return false;
    if (family_ == AF_UNIX) return true;
    const Octets octets = octets_in(subject);
    for (std::size_t i = 0; i < octets_of(family_); ++i) {
        if ((octets[i] & mask_[i]) != octets_[i]) return false;
    }
    return true;
}

}  // namespace webserv::sys
