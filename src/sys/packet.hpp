// sys/packet.hpp: messages between our own processes, with open descriptors in them (unix(7), SCM_RIGHTS).
// For sockets that keep message bounds (SOCK_SEQPACKET), never waiting.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace webserv::sys {

/// The most descriptors the kernel takes in one message: SCM_MAX_FD.
inline constexpr std::size_t packet_descriptors_max = 253;
/// The most octets receive_packet() takes; longer packets are an error.
inline constexpr std::size_t packet_bytes_max = 4096;

struct Packet {
    std::string bytes;
    std::vector<Fd> descriptors;  ///< close-on-exec
};

/// Errors: resource_unavailable_try_again (the peer reads too slowly), broken_pipe, those of sendmsg(2).
[[nodiscard]] Result<> send_packet(const Fd& socket, std::string_view bytes, std::span<const int> descriptors);

/// take: it is gone from the queue. look: it stays, and whoever looks gets descriptors of his own (MSG_PEEK).
enum class PacketUse : unsigned char { take, look };

/// The next packet; nothing if none is there. Errors: not_connected (the peer has gone), message_size, those of recvmsg(2).
[[nodiscard]] Result<std::optional<Packet>> receive_packet(const Fd& socket, PacketUse use = PacketUse::take);

}  // namespace webserv::sys
