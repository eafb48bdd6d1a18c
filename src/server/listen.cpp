// server/listen.cpp: address forms and parameters of `listen`.
// Parameters that nginx has and we lack are refused by name.
#include "server/listen.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "config/values.hpp"
#include "server/endpoint.hpp"

namespace webserv::server {
namespace {

using config::Checked;
using config::complain;
using config::Word;

constexpr std::uint16_t default_port = 80;

// Parameters of nginx's that we do not have, or that belong to other systems than Linux: refused by name.
constexpr std::array unsupported{"quic", "spdy"};
constexpr std::array not_of_linux{"setfib", "accept_filter"};

// nginx: a bare number is a port, and so are two.
HostAndPort split(std::string_view text) {
    const bool is_number = std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || c == '-'; });
    return is_number ? HostAndPort{"", text} : split_endpoint(text);
}

struct Ports {
    std::uint16_t first, last;
};

// "80", or "8000-8010".
std::optional<Ports> parse_ports(std::string_view text) {
    const auto dash = text.find('-');
    const auto first = parse_port(text.substr(0, dash));
    const auto last = dash == text.npos ? first : parse_port(text.substr(dash + 1));
    if (!first || !last || *last < *first) return std::nullopt;
    return Ports{*first, *last};
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
    const auto ports = parts.port ? parse_ports(*parts.port) : std::optional{Ports{default_port, default_port}};
    if (!ports) return wrong("invalid port");
    if (text.starts_with(':')) return wrong("no host");
    const bool is_any = parts.host.empty() || parts.host == "*";
    const auto hosts = is_any ? std::vector{sys::Address::ipv4_any(0)} : addresses_of(parts.host, 0, loader);
    if (hosts.empty()) return wrong(parts.host.starts_with('[') ? "invalid IPv6 address" : "host not found");
    std::vector<sys::Address> addresses;
    for (unsigned port = ports->first; port <= ports->last; ++port) {
        for (sys::Address address : hosts) {
            address.set_port(static_cast<std::uint16_t>(port));
            addresses.push_back(address);
        }
    }
    return addresses;
}

std::unexpected<config::Complaint> invalid(std::string_view what, std::string_view value, const Word& word) {
    return complain(fmt::format("invalid {} \"{}\"", what, value), word.place);
}

// "30s", "", "10": of so_keepalive.
bool parse_part(std::string_view text, std::optional<int>& into, bool is_time) {
    if (text.empty()) return true;
    const auto time = is_time ? config::parse_seconds(text) : std::nullopt;
    const auto number = is_time ? std::nullopt : config::parse_number(text);
    const std::int64_t value = time ? time->count() : number.value_or(0);
    if (value < 1 || value > INT32_MAX) return false;
    into = static_cast<int>(value);
    return true;
}

// "on", "off", "idle:interval:probes" with parts left out.
Checked<> parse_keep_alive(const Word& word, std::string_view value, ListenSpec& spec) {
    sys::KeepAlive probes{.on = value != "off"};
    if (value != "on" && value != "off") {
        const auto first = value.find(':');
        const auto second = first == value.npos ? value.npos : value.find(':', first + 1);
        const std::string_view idle = value.substr(0, first);
        const std::string_view interval = first == value.npos ? std::string_view{} : value.substr(first + 1, second - first - 1);
        const std::string_view count = second == value.npos ? std::string_view{} : value.substr(second + 1);
        const bool good = parse_part(idle, probes.idle_seconds, true) && parse_part(interval, probes.interval_seconds, true) &&
                          parse_part(count, probes.probes, false);
        if (!good || (!probes.idle_seconds && !probes.interval_seconds && !probes.probes)) {
            return complain(fmt::format("invalid so_keepalive value: \"{}\"", value), word.place, "on, off or idle:interval:count");
        }
    }
    spec.options.keep_alive = probes;
    return {};
}

Checked<bool> apply_number(const Word& word, std::string_view name, std::string_view value, sys::ListenOptions& options) {
    if (name == "backlog") {
        const auto number = config::parse_number(value);
        if (!number || *number < 1 || *number > INT32_MAX) return invalid("backlog", word.text, word);
        options.backlog = static_cast<int>(*number);
        return true;
    }
    if (name == "fastopen") {
        const auto number = config::parse_number(value);
        if (!number || *number < 0 || *number > INT32_MAX) return invalid("fastopen", word.text, word);
        options.fast_open = static_cast<int>(*number);
        return true;
    }
    if (name != "rcvbuf" && name != "sndbuf") return false;
    const auto size = config::parse_size(value);
    if (!size || *size < 1 || *size > INT32_MAX) return invalid(name, word.text, word);
    (name == "rcvbuf" ? options.receive_bytes : options.send_bytes) = static_cast<int>(*size);
    return true;
}

// A word without a value.
bool apply_word(std::string_view text, ListenSpec& spec) {
    if (text == "reuseport") {
        spec.options.reuse_port = true;
    } else if (text == "deferred") {
        spec.options.defer_seconds = 1;  // how long is said by the default server's client_header_timeout
    } else if (text == "multipath") {
        spec.options.multipath = true;
    } else {
        return text == "bind";
    }
    return true;
}

Checked<> apply_parameter(const Word& word, ListenSpec& spec) {
    const std::string_view text = word.text;
    const std::string_view name = text.substr(0, text.find('='));
    const std::string_view value = name.size() < text.size() ? text.substr(name.size() + 1) : std::string_view{};
    if (text == "default_server" || text == "default") {
        spec.default_server = true;
        return {};
    }
    if (text == "proxy_protocol") {
        spec.proxy_protocol = true;
        return {};
    }
    if (text == "ssl") {
        spec.secure = true;
        return {};
    }
    if (text == "http2") {
        spec.http2 = true;
        return {};
    }
    spec.has_options = true;
    if (apply_word(text, spec)) return {};
    if (name == "so_keepalive") return parse_keep_alive(word, value, spec);
    if (name == "ipv6only") {
        if (value != "on" && value != "off") return complain(fmt::format("invalid ipv6only flags \"{}\"", value), word.place);
        spec.options.ipv6_only = value == "on";
        return {};
    }
    if (const auto applied = apply_number(word, name, value, spec.options); !applied || *applied) {
        return applied ? Checked<>{} : Checked<>{std::unexpected{applied.error()}};
    }
    if (std::find(not_of_linux.begin(), not_of_linux.end(), name) != not_of_linux.end()) {
        return complain(fmt::format("parameter \"{}\" of \"listen\" is not supported on Linux", name), word.place);
    }
    if (std::find(unsupported.begin(), unsupported.end(), name) != unsupported.end()) {
        return complain(fmt::format("parameter \"{}\" of \"listen\" is known to nginx but not supported by webserv yet", name), word.place);
    }
    constexpr std::array known{"default_server", "backlog",      "reuseport", "ipv6only",       "bind",   "deferred", "fastopen",
                               "rcvbuf",         "so_keepalive", "multipath", "proxy_protocol", "sndbuf", "ssl",      "http2"};
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
