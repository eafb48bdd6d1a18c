// sys/packet.cpp: sendmsg(2) and recvmsg(2) with ancillary data.
// What comes in is owned at once, so that no error leaks a descriptor.
#include "sys/packet.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>

namespace webserv::sys {
namespace {

struct alignas(cmsghdr) Ancillary {
    std::array<char, CMSG_SPACE(sizeof(int) * packet_descriptors_max)> bytes;
};

void take_descriptors(msghdr& message, std::vector<Fd>& into) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t index = 0; index < count; ++index) {
            int number = -1;
            std::memcpy(&number, CMSG_DATA(part) + index * sizeof number, sizeof number);
            into.emplace_back(number);
        }
    }
}

}  // namespace

Result<> send_packet(const Fd& socket, std::string_view bytes, std::span<const int> descriptors) {
    assert(descriptors.size() <= packet_descriptors_max && !bytes.empty() && bytes.size() <= packet_bytes_max);
    iovec content{const_cast<char*>(bytes.data()), bytes.size()};  // it is only read
    msghdr message{};
    message.msg_iov = &content;
    message.msg_iovlen = 1;
    Ancillary ancillary{};
    if (!descriptors.empty()) {
        message.msg_control = ancillary.bytes.data();
        message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
        cmsghdr* const part = CMSG_FIRSTHDR(&message);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(descriptors.size_bytes());
        std::memcpy(CMSG_DATA(part), descriptors.data(), descriptors.size_bytes());
    }
    while (::sendmsg(socket.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        if (errno != EINTR) return failed("sendmsg");
    }
    return {};
}

Result<std::optional<Packet>> receive_packet(const Fd& socket, PacketUse use) {
    std::array<char, packet_bytes_max> buffer;
    Ancillary ancillary{};
    iovec content{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_iov = &content;
    message.msg_iovlen = 1;
    message.msg_control = ancillary.bytes.data();
    message.msg_controllen = ancillary.bytes.size();
    const int flags = MSG_DONTWAIT | MSG_CMSG_CLOEXEC | (use == PacketUse::look ? MSG_PEEK : 0);
    ssize_t count = 0;
    do {
        count = ::recvmsg(socket.get(), &message, flags);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK) return std::optional<Packet>{};
        return failed("recvmsg");
    }
    Packet packet;
    take_descriptors(message, packet.descriptors);
    if (count == 0) return std::unexpected{Error{.code = std::errc::not_connected, .doing = "recvmsg"}};
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
        return std::unexpected{Error{.code = std::errc::message_size, .doing = "recvmsg"}};
    }
    packet.bytes.assign(buffer.data(), static_cast<std::size_t>(count));
    return std::optional{std::move(packet)};
}

}  // namespace webserv::sys
