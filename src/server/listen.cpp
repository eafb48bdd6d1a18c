// server/listen.cpp: address forms and parameters of `listen`.
// Parameters that nginx has and we lack are refused by name.
#include "server/listen.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "config/values.hpp"

namespace webserv::server {
namespace {

using config::Checked;
using config::complain;
using config::Word;

constexpr std::uint16_t default_port = 80;

// Parameters of nginx's that we do not have yet: refused by name.
constexpr std::array unsupported{"ssl",    "http2",  "quic",         "spdy",   "proxy_protocol", "deferred", "fastopen",
                                 "rcvbuf", "sndbuf", "so_keepalive", "setfib", "accept_filter",  "multipath"};

struct HostAndPort {
    std::string_view host;  // without brackets; "" or "*" for any
    std::optional<std::string_view> port;
};

HostAndPort split(std::string_view text) {
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == text.npos) return {text, std::nullopt};
        const std::string_view rest = text.substr(end + 1);
        if (rest.empty()) return {text, std::nullopt};
        return rest.front() == ':' ? HostAndPort{text.substr(0, end + 1), rest.substr(1)} : HostAndPort{text, std::nullopt};
    }
    if (const auto colon = text.rfind(':'); colon != text.npos) return {text.substr(0, colon), text.substr(colon + 1)};
    const bool all_digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (all_digits) return {"", text};  // a bare number is a port
    return {text, std::nullopt};
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    const auto number = config::parse_number(text);
    if (!number || *number < 1 || *number > 65535) return std::nullopt;
    return static_cast<std::uint16_t>(*number);
}

Checked<std::vector<sys::Address>> parse_addresses(const Word& word, config::Loader& loader) {
    const std::string_view text = word.text;
    const auto wrong = [&](std::string_view what) {
        return complain(fmt::format("{} in \"{}\" of the \"listen\" directive", what, text), word.place);
    };
    if (text.starts_with("unix:")) {
        const auto address = sys::Address::local(text.substr(5));
        if (!address) return wrong(text.size() == 5 ? "no path in the unix domain socket" : "too long path in the unix domain socket");
        return std::vector{*address};
    }
    const HostAndPort parts = split(text);
    std::uint16_t port = default_port;
    if (parts.port) {
        const auto number = parse_port(*parts.port);
        if (!number) return wrong("invalid port");
        port = *number;
    }
    if (text.starts_with(':')) return wrong("no host");
    if (parts.host.empty() || parts.host == "*") return std::vector{sys::Address::ipv4_any(port)};
    if (const auto literal = sys::Address::parse_ip(parts.host, port)) return std::vector{*literal};
    if (parts.host.starts_with('[')) return wrong("invalid IPv6 address");

    const auto resolved = loader.resolve(std::string{parts.host});
    if (!resolved || resolved->empty()) return wrong("host not found");
    std::vector<sys::Address> addresses;
    for (const std::string& literal : *resolved) {
        if (const auto address = sys::Address::parse_ip(literal, port)) addresses.push_back(*address);
    }
    return addresses;
}

Checked<> apply_parameter(const Word& word, ListenSpec& spec) {
    const std::string_view text = word.text;
    const std::string_view name = text.substr(0, text.find('='));
    const std::string_view value = name.size() < text.size() ? text.substr(name.size() + 1) : std::string_view{};
    if (text == "default_server" || text == "default") {
        spec.default_server = true;
        return {};
    }
    spec.has_options = true;
    if (text == "bind") return {};
    if (text == "reuseport") {
        spec.options.reuse_port = true;
        return {};
    }
    if (name == "backlog") {
        const auto number = config::parse_number(value);
        if (!number || *number < 1 || *number > INT32_MAX) return complain(fmt::format("invalid backlog \"{}\"", text), word.place);
        spec.options.backlog = static_cast<int>(*number);
        return {};
    }
    if (name == "ipv6only") {
        if (value != "on" && value != "off") return complain(fmt::format("invalid ipv6only flags \"{}\"", value), word.place);
        spec.options.ipv6_only = value == "on";
        return {};
    }
    if (std::find(unsupported.begin(), unsupported.end(), name) != unsupported.end()) {
        return complain(fmt::format("parameter \"{}\" of \"listen\" is known to nginx but not supported by webserv yet", name), word.place);
    }
    constexpr std::array known{"default_server", "backlog", "reuseport", "ipv6only", "bind"};
    const auto near = text::nearest(name, known);
    return complain(fmt::format("invalid parameter \"{}\"", text), word.place,
                    near.empty() ? "" : fmt::format("did you mean \"{}\"?", near));
}

}  // namespace

Checked<std::vector<ListenSpec>> parse_listen(const config::Statement& statement, config::Loader& loader) {
    const auto addresses = parse_addresses(statement.words.front(), loader);
    if (!addresses) return std::unexpected{addresses.error()};
    std::vector<ListenSpec> specs;
    for (const sys::Address& address : *addresses) {
        ListenSpec spec{.address = address, .options = {}, .place = statement.name.place};
        for (std::size_t i = 1; i < statement.words.size(); ++i) {
            if (auto applied = apply_parameter(statement.words[i], spec); !applied) return std::unexpected{applied.error()};
        }
        specs.push_back(std::move(spec));
    }
    return specs;
}

ListenSpec default_listen(bool is_root) {
    return ListenSpec{.address = sys::Address::ipv4_any(is_root ? 80 : 8000), .options = {}, .place = {}};
}

}  // namespace webserv::server
