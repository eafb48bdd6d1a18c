// observe/syslog.cpp: a header and the message, sent as one datagram to the server's address.
// The socket is not connected, so a server that comes back is reached again without a word.
#include "observe/syslog.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "sys/socket.hpp"

namespace webserv::observe {
namespace {

constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

}  // namespace

std::string SyslogServer::identity() const {
    return fmt::format("syslog:server={},facility={},severity={},tag={},hostname={}", address.text(), facility, severity, tag, hostname);
}

Result<sys::Fd> open_syslog(const SyslogServer& server) { return sys::open_socket(server.address.family(), sys::SocketType::datagram); }

Result<> send_to_syslog(const sys::Fd& socket, const SyslogServer& server, unsigned severity, std::string_view message) noexcept {
    const time_t seconds = ::time(nullptr);
    tm local{};
    ::localtime_r(&seconds, &local);
    std::array<char, 512> header;  // host names have at most 255 octets, tags 32
    const auto end =
        fmt::format_to_n(header.data(), header.size(), "<{}>{} {:2} {:02}:{:02}:{:02} {}{}{}: ", server.facility * 8 + severity,
                         months[static_cast<std::size_t>(local.tm_mon)], local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec,
                         server.hostname, server.hostname.empty() ? "" : " ", server.tag);
    std::array<iovec, 2> parts{
        {{header.data(), std::min(end.size, header.size())}, {const_cast<char*>(message.data()), message.size()}}};  // it is only read
    msghdr datagram{};
    datagram.msg_name = const_cast<sockaddr*>(server.address.data());  // this too
    datagram.msg_namelen = server.address.size();
    datagram.msg_iov = parts.data();
    datagram.msg_iovlen = parts.size();
    while (::sendmsg(socket.get(), &datagram, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        if (errno != EINTR) return failed("sendmsg");
    }
    return {};
}

}  // namespace webserv::observe
