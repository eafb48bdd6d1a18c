// sys/network.hpp: a set of addresses: one, those that begin with the same bits, all local sockets, or everybody.
// What allow, deny and set_real_ip_from name.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sys/address.hpp"

namespace webserv::sys {

class Network {
public:
    /// "192.0.2.0/24", "2001:db8::/32", or an address alone: all of its bits. Nothing if it is neither.
    [[nodiscard]] static std::optional<Network> parse(std::string_view text) noexcept;
    [[nodiscard]] static Network of(const Address& address) noexcept;  ///< just this one; of a local address: all local ones
    [[nodiscard]] static Network local() noexcept;                     ///< whoever comes by a local socket
    [[nodiscard]] static Network everybody() noexcept;

    /// Ports do not matter. An IPv4 address in IPv6's clothes is the IPv4 address.
    [[nodiscard]] bool contains(const Address& address) const noexcept;
    /// Bits were written behind the prefix's end, as in "192.0.2.7/24": they mean nothing.
    [[nodiscard]] bool has_stray_bits() const noexcept { return stray_bits_; }
    [[nodiscard]] int family() const noexcept { return family_; }  ///< AF_UNSPEC: everybody

private:
    using Octets = std::array<std::uint8_t, 16>;  // of IPv4: the first four
    void set_prefix(const Octets& octets, unsigned bits) noexcept;

    int family_ = AF_UNSPEC;
    Octets octets_{};
    Octets mask_{};
    bool stray_bits_ = false;
};

/// The IPv4 address that an IPv6 one stands for (::ffff:192.0.2.1), with its port; else the address as it is.
[[nodiscard]] Address without_mapping(const Address& address) noexcept;

}  // namespace webserv::sys
