// sys/socket_holder.cpp: from an address to an inode (/proc/net), from the inode to a process (/proc/PID/fd).
// Both tables of the kernel are text; whatever cannot be read or parsed is skipped.
#include "sys/socket_holder.hpp"

#include <arpa/inet.h>
#include <dirent.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <memory>
#include <sstream>
#include <string_view>

#include "base/text.hpp"
#include "sys/file.hpp"

namespace webserv::sys {

namespace {

constexpr std::uint64_t no_inode = 0;

using Directory = std::unique_ptr<DIR, int (*)(DIR*)>;

Directory open_directory(const std::string& path) { return Directory{::opendir(path.c_str()), ::closedir}; }

/// "0100007F:1F90" or "0000...0000:1F90": 32-bit words in the machine's byte order, a colon, the port; all hexadecimal.
std::optional<Address> parse_proc_address(std::string_view text) {
    const auto colon = text.find(':');
    if (colon != 8 && colon != 32) return std::nullopt;
    std::array<std::uint32_t, 4> words{};
    for (std::size_t i = 0; i < colon; ++i) {
        words[i / 8] = words[i / 8] << 4U | static_cast<std::uint32_t>(text::hex_value(text[i]));
    }
    unsigned port = 0;
    for (const char c : text.substr(colon + 1)) port = port << 4U | static_cast<unsigned>(text::hex_value(c));

    char literal[INET6_ADDRSTRLEN] = {};
    ::inet_ntop(colon == 8 ? AF_INET : AF_INET6, words.data(), literal, sizeof literal);
    return Address::parse_ip(literal, static_cast<std::uint16_t>(port));
}

/// Two sockets want the same: the same port, and the same address or one that means all of them.
bool conflict(const Address& wanted, const Address& held) {
    if (wanted.port() != held.port()) return false;
    return wanted.is_wildcard() || held.is_wildcard() || wanted.host() == held.host();
}

/// The socket that listens on `wanted`; else any other that is bound to it.
std::uint64_t find_ip_inode(const char* table, const Address& wanted) {
    constexpr std::string_view listening = "0A";
    const auto content = read_whole(table);
    if (!content) return no_inode;
    std::uint64_t bound = no_inode;
    std::istringstream lines{*content};
    for (std::string line; std::getline(lines, line);) {
        std::istringstream columns{line};
        std::string number, local, remote, state, queues, timer, retransmits, user, timeout;
        std::uint64_t inode = no_inode;
        if (!(columns >> number >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout >> inode)) continue;
        const auto held = parse_proc_address(local);
        if (!held || inode == no_inode || !conflict(wanted, *held)) continue;
        if (state == listening) return inode;
        bound = inode;
    }
    return bound;
}

std::uint64_t find_local_inode(const std::string& name) {
    const auto content = read_whole("/proc/net/unix");
    if (!content) return no_inode;
    std::istringstream lines{*content};
    for (std::string line; std::getline(lines, line);) {
        std::istringstream columns{line};
        std::string slot, references, protocol, flags, type, state, path;
        std::uint64_t inode = no_inode;
        if (!(columns >> slot >> references >> protocol >> flags >> type >> state >> inode)) continue;
        std::getline(columns >> std::ws, path);
        // Accepted connections carry the listener's path as well; only the listener has the flag __SO_ACCEPTCON.
        if (path == name && flags == "00010000") return inode;
    }
    return no_inode;
}

std::uint64_t find_inode(const Address& address) {
    if (address.is_local()) return find_local_inode(address.local_name());
    const bool is_ipv4 = address.family() == AF_INET;
    const auto inode = find_ip_inode(is_ipv4 ? "/proc/net/tcp" : "/proc/net/tcp6", address);
    // A socket on :: that is not IPV6_V6ONLY holds the IPv4 port as well, and the other way round.
    return inode != no_inode ? inode : find_ip_inode(is_ipv4 ? "/proc/net/tcp6" : "/proc/net/tcp", address);
}

bool has_open(std::string_view process, std::string_view link) {
    const std::string folder = fmt::format("/proc/{}/fd", process);
    const Directory directory = open_directory(folder);
    if (!directory) return false;
    while (const dirent* const entry = ::readdir(directory.get())) {
        char target[64];
        const ssize_t length = ::readlink(fmt::format("{}/{}", folder, entry->d_name).c_str(), target, sizeof target);
        if (length > 0 && std::string_view{target, static_cast<std::size_t>(length)} == link) return true;
    }
    return false;
}

}  // namespace

std::optional<SocketHolder> find_socket_holder(const Address& address) {
    const auto inode = find_inode(address);
    if (inode == no_inode) return std::nullopt;
    const std::string link = fmt::format("socket:[{}]", inode);
    const Directory processes = open_directory("/proc");
    if (!processes) return std::nullopt;

    std::optional<pid_t> holder;
    while (const dirent* const entry = ::readdir(processes.get())) {
        const auto number = text::parse_decimal(entry->d_name);
        if (!number || !has_open(entry->d_name, link)) continue;
        const auto process = static_cast<pid_t>(*number);
        if (!holder || process < *holder) holder = process;
    }
    if (!holder) return std::nullopt;
    const auto name = read_whole(fmt::format("/proc/{}/comm", *holder).c_str());
    if (!name) return std::nullopt;
    return SocketHolder{*holder, name->substr(0, name->find('\n'))};
}

}  // namespace webserv::sys
