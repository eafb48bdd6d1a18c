// sys/connect_error.cpp: why nobody could be reached at an address, in words that say what to look at.
// The same errno means different things for a port and for the path of a local socket: connect(2), unix(7).
#include <fmt/format.h>

#include "sys/socket.hpp"

namespace webserv::sys {
namespace {

std::string explain_local(const Error& error, const Address& address) {
    const std::string name = address.local_name();
    switch (error.code) {
        case std::errc::connection_refused:
            return name.starts_with('@') ? fmt::format("nobody listens on {}", name)
                                         : fmt::format("nobody listens on {}: its server is gone, or it is no socket", name);
        case std::errc::no_such_file_or_directory:
            return fmt::format("there is no socket {}", name);
        case std::errc::permission_denied:
            return fmt::format("no permission to connect to {}", name);
        case std::errc::resource_unavailable_try_again:
            return fmt::format("the queue of {} is full", name);
        case std::errc::wrong_protocol_type:
            return fmt::format("{} is a socket of another type than stream", name);
        default:
            return fmt::format("{}: {}", name, describe(error));
    }
}

std::string explain_ip(const Error& error, const Address& address) {
    const std::string where = address.text();
    switch (error.code) {
        case std::errc::connection_refused:
            return fmt::format("nobody listens on {}", where);
        case std::errc::timed_out:
            return fmt::format("{} does not answer: the machine is off, something on the way drops packets, or its queue is full", where);
        case std::errc::network_unreachable:
            return fmt::format("this machine has no way to the network of {}", where);
        case std::errc::host_unreachable:
            return fmt::format("there is no way to the machine of {}", where);
        case std::errc::connection_reset:
            return fmt::format("{} broke the connection off while it was made", where);
        case std::errc::permission_denied:
        case std::errc::operation_not_permitted:
            return fmt::format("a rule of this machine forbids connections to {}", where);
        case std::errc::address_not_available:
            return fmt::format("this machine has no address or port to reach {} from", where);
        case std::errc::address_family_not_supported:
            return fmt::format("this machine has no {}", address.family() == AF_INET6 ? "IPv6" : "IPv4");
        default:
            return fmt::format("{}: {}", where, describe(error));
    }
}

}  // namespace

std::string explain_connect_error(const Error& error, const Address& address) {
    return address.is_local() ? explain_local(error, address) : explain_ip(error, address);
}

}  // namespace webserv::sys
