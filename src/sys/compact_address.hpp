// sys/compact_address.hpp: an address in a quarter of the room, for whoever keeps ten thousand of them.
// The name of a local socket is left out: a peer there is known by its family only.
#pragma once

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "sys/address.hpp"

namespace webserv::sys {

class CompactAddress {
public:
    explicit CompactAddress(const Address& address) noexcept
        : size_{static_cast<unsigned char>(
              std::min<std::size_t>(address.size(), address.is_local() ? sizeof(sa_family_t) : sizeof octets_))} {
        std::memcpy(octets_, address.data(), size_);
    }
    [[nodiscard]] Address expand() const noexcept { return Address::from(reinterpret_cast<const sockaddr*>(octets_), size_); }
    [[nodiscard]] bool is_local() const noexcept { return family() == AF_UNIX; }

private:
    [[nodiscard]] sa_family_t family() const noexcept { return reinterpret_cast<const sockaddr*>(octets_)->sa_family; }

    alignas(sockaddr_in6) char octets_[sizeof(sockaddr_in6)]{};  // IPv4's is shorter
    unsigned char size_;
};

}  // namespace webserv::sys
