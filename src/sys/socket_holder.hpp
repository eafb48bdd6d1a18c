// sys/socket_holder.hpp: who holds an address, found in /proc as far as we are permitted to look.
// For messages only: what it finds may have changed a moment later. proc(5).
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "sys/address.hpp"

namespace webserv::sys {

struct SocketHolder {
    pid_t process = 0;
    std::string name;  ///< of its program, as the kernel knows it (at most 15 octets)
};

/// The process (the one with the lowest number, if several share the socket) that has bound what `address` conflicts with.
/// Nothing: nobody has, or the holder is somebody else's and we are not root.
[[nodiscard]] std::optional<SocketHolder> find_socket_holder(const Address& address);

}  // namespace webserv::sys
