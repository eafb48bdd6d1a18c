// server/endpoint.cpp: the colon that counts is the last one, and one behind the brackets.
// Literals are tried first: nobody is asked about them.
#include "server/endpoint.hpp"

#include <string>

#include "config/values.hpp"

namespace webserv::server {

HostAndPort split_endpoint(std::string_view text) {
    const auto colon = text.rfind(':');
    const auto bracket = text.find(']');
    const bool is_within = text.starts_with('[') && (bracket == text.npos || colon < bracket);
    if (colon == text.npos || is_within) return {text, std::nullopt};
    return {text.substr(0, colon), text.substr(colon + 1)};
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    const auto number = config::parse_number(text);
    if (!number || *number < 1 || *number > 65535) return std::nullopt;
    return static_cast<std::uint16_t>(*number);
}

std::vector<sys::Address> addresses_of(std::string_view host, std::uint16_t port, config::Loader& loader) {
    if (const auto literal = sys::Address::parse_ip(host, port)) return {*literal};
    if (host.starts_with('[')) return {};
    std::vector<sys::Address> addresses;
    const auto resolved = loader.resolve(std::string{host});
    if (!resolved) return {};
    for (const std::string& literal : *resolved) {
        if (const auto address = sys::Address::parse_ip(literal, port)) addresses.push_back(*address);
    }
    return addresses;
}

}  // namespace webserv::server
