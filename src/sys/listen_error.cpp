// sys/listen_error.cpp: why nobody can listen on an address, in words that say what to change.
// The same errno means different things for a port and for the path of a local socket: ip(7), unix(7).
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/socket.hpp"
#include "sys/socket_holder.hpp"

namespace webserv::sys {

namespace {

std::string directory_of(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == path.npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

/// "taken", or "taken by nginx (pid 812)" if we can see who it is.
std::string taken_by(const Address& address) {
    const auto holder = find_socket_holder(address);
    if (!holder) return "taken";
    if (holder->process == ::getpid()) return "taken by this very process";
    return fmt::format("taken by {} (pid {})", holder->name, holder->process);
}

std::string explain_local(const Error& error, const Address& address) {
    const std::string name = address.local_name();
    const std::string directory = directory_of(name);
    switch (error.code) {
        case std::errc::address_in_use: {
            struct stat status{};
            const bool is_socket = name.starts_with('@') || ::lstat(name.c_str(), &status) < 0 || S_ISSOCK(status.st_mode);
            return is_socket ? fmt::format("{} is {}", name, taken_by(address)) : fmt::format("{} exists and is not a socket", name);
        }
        case std::errc::no_such_file_or_directory:
            return fmt::format("the directory {} does not exist", directory);
        case std::errc::not_a_directory:
            return fmt::format("{} is not a directory", directory);
        case std::errc::permission_denied:
            return fmt::format("no permission to create a socket in {}", directory);
        case std::errc::read_only_file_system:
            return fmt::format("{} is on a read-only file system", directory);
        default:
            return fmt::format("{}: {}", name, describe(error));
    }
}

std::string explain_ip(const Error& error, const Address& address) {
    switch (error.code) {
        case std::errc::address_in_use:
            return fmt::format("port {} is {}", address.port(), taken_by(address));
        case std::errc::permission_denied:
            return fmt::format("needs root or CAP_NET_BIND_SERVICE to listen on port {}", address.port());
        case std::errc::address_not_available:
            return fmt::format("address {} is not on this machine", address.host());
        case std::errc::address_family_not_supported:
            return fmt::format("this machine has no {}", address.family() == AF_INET6 ? "IPv6" : "IPv4");
        default:
            return fmt::format("{}: {}", address.text(), describe(error));
    }
}

}  // namespace

std::string explain_listen_error(const Error& error, const Address& address) {
    return address.is_local() ? explain_local(error, address) : explain_ip(error, address);
}

}  // namespace webserv::sys
