// app/get_options.hpp: the options of `webserv get`, named as curl names them.
// Only what they say; what follows from it is decided where it is used.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sys/address.hpp"

namespace webserv::app {

/// --resolve: where a host is, whatever the name servers say.
struct HostAddress {
    std::string host;
    std::uint16_t port = 0;
    std::vector<sys::Address> addresses;
};

struct GetOptions {
    std::string url;
    std::string method;               ///< -X; empty: what follows from the rest
    std::vector<std::string> fields;  ///< -H
    std::optional<std::string> data;  ///< -d
    std::string user;                 ///< -u
    std::string output;               ///< -o; empty or "-": standard output
    bool remote_name = false;         ///< -O
    bool head = false;                ///< -I
    bool include_head = false;        ///< -i
    bool resume = false;              ///< -C -
    bool fail = false;                ///< -f
    bool follow = false;              ///< -L
    unsigned redirects_max = 50;      ///< --max-redirs; curl's default
    bool verbose = false;             ///< -v
    bool silent = false;              ///< -s
    bool trace = false;
    bool ipv4_only = false;   ///< -4
    bool ipv6_only = false;   ///< -6
    std::string unix_socket;  ///< --unix-socket
    std::string authorities;  ///< --cacert; empty: those of the system
    bool insecure = false;    ///< -k
    std::vector<HostAddress> resolve;
    std::chrono::milliseconds max_time{0};               ///< 0: as long as it takes
    std::chrono::milliseconds connect_timeout{300'000};  ///< curl's default; the kernel gives up sooner

    [[nodiscard]] bool writes_to_file() const noexcept { return remote_name || (!output.empty() && output != "-"); }
};

/// Parses the words after "get". The error is the exit status: help was printed (0), or what is wrong (2).
[[nodiscard]] std::expected<GetOptions, int> parse_get_options(std::span<char* const> words);

}  // namespace webserv::app
