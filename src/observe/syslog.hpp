// observe/syslog.hpp: log lines as datagrams to a syslog server (RFC 3164), by UDP or a local socket.
// A server that is away costs the line and nothing else: nothing here waits, connects or retries.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "sys/address.hpp"
#include "sys/fd.hpp"

namespace webserv::observe {

struct SyslogServer {
    sys::Address address{};
    unsigned facility = 23;     ///< local7
    unsigned severity = 6;      ///< info: of access logs; a line of an error log has its own
    std::string tag = "nginx";  ///< what log collectors already look for
    std::string hostname{};     ///< empty: not sent

    /// Everything that tells two servers apart.
    [[nodiscard]] std::string identity() const;
};

/// A datagram socket for `server`, of this process. Errors: those of socket(2).
[[nodiscard]] Result<sys::Fd> open_syslog(const SyslogServer& server);

/// "<190>Nov 21 06:40:33 host tag: message". Errors: those of sendto(2); the message is lost then.
[[nodiscard]] Result<> send_to_syslog(const sys::Fd& socket, const SyslogServer& server, unsigned severity,
                                      std::string_view message) noexcept;

}  // namespace webserv::observe
