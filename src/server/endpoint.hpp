// server/endpoint.hpp: "host:port" as directives write it, and the addresses that it stands for.
// A name is resolved when the configuration is read.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "config/loader.hpp"
#include "sys/address.hpp"

namespace webserv::server {

struct HostAndPort {
    std::string_view host;                 ///< an IPv6 address with its brackets
    std::optional<std::string_view> port;  ///< what follows the colon, if there is one
};
[[nodiscard]] HostAndPort split_endpoint(std::string_view text);

/// 1 to 65535.
[[nodiscard]] std::optional<std::uint16_t> parse_port(std::string_view text);

/// The addresses of a host: a literal's own, or those of a name. None: nobody knows it, or it is no address though it has brackets.
[[nodiscard]] std::vector<sys::Address> addresses_of(std::string_view host, std::uint16_t port, config::Loader& loader);

}  // namespace webserv::server
