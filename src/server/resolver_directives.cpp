// server/resolver_directives.cpp: `resolver` and `resolver_timeout`.
// Where a name server is given by its name, this is resolved when the configuration is read.
#include <fmt/format.h>

#include <utility>

#include "config/values.hpp"
#include "server/core_modules.hpp"
#include "server/endpoint.hpp"
#include "server/resolver_settings.hpp"
#include "server/site_builder.hpp"

namespace webserv::server {
namespace {

using config::Checked;
using config::complain;
using config::Scope;
using config::Statement;
using config::Word;

constexpr std::uint16_t dns_port = 53;

std::unexpected<config::Complaint> wrong(std::string_view what, const Word& word) {
    return complain(fmt::format("{} in resolver \"{}\"", what, word.text), word.place);
}

Checked<> add_addresses(const Word& word, config::Loader& loader, NameServers& servers) {
    const HostAndPort parts = split_endpoint(word.text);
    const bool has_brackets = parts.host.starts_with('[');
    if (has_brackets && !parts.host.ends_with(']')) return wrong("invalid host", word);
    const auto port = parts.port ? parse_port(*parts.port) : std::optional{dns_port};
    if (!port) return wrong("invalid port", word);
    if (parts.host.empty()) return wrong("no host", word);
    const auto addresses = addresses_of(parts.host, *port, loader);
    if (addresses.empty()) return wrong(has_brackets ? "invalid IPv6 address" : "host not found", word);
    servers.addresses.insert(servers.addresses.end(), addresses.begin(), addresses.end());
    return {};
}

// Gives false if the word is no parameter.
Checked<bool> take_parameter(Scope& scope, const Word& word, NameServers& servers) {
    const std::string_view text = word.text;
    const auto equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    const std::string_view value = equals != text.npos ? text.substr(equals + 1) : std::string_view{};
    const auto invalid = [&] { return complain(fmt::format("invalid parameter: {}", text), word.place); };
    if (equals == text.npos) return false;
    if (name == "valid") {
        servers.valid = config::parse_seconds(value);
        if (!servers.valid) return invalid();
    } else if (name == "ipv4" || name == "ipv6") {
        if (value != "on" && value != "off") return invalid();
        (name == "ipv4" ? servers.ipv4 : servers.ipv6) = value == "on";
    } else if (name == "status_zone" && !value.empty()) {
        builder(scope).note("\"status_zone\" of \"resolver\" changes nothing: nobody counts what name servers answer", word.place);
    } else {
        return false;
    }
    return true;
}

Checked<> apply_resolver(Scope& scope, const Statement& statement) {
    auto servers = std::make_shared<NameServers>();
    for (const Word& word : statement.words) {
        const auto taken = take_parameter(scope, word, *servers);
        if (!taken) return std::unexpected{taken.error()};
        if (*taken) continue;
        if (auto added = add_addresses(word, builder(scope).loader(), *servers); !added) return added;
    }
    if (!servers->ipv4 && !servers->ipv6) return complain("\"ipv4\" and \"ipv6\" cannot both be \"off\"", statement.name.place);
    if (servers->addresses.empty()) return complain("no name servers defined", statement.name.place);
    scope.settings.own<ResolverSettings>().servers = std::move(servers);
    return {};
}

constexpr config::Contexts everywhere = config::context::http | config::context::server | config::context::location;

constexpr config::Directive directives[] = {
    {.name = "resolver",
     .contexts = everywhere,
     .takes = config::arity::one_or_more,
     .syntax = "address[:port] ... [valid=time] [ipv4=on|off] [ipv6=on|off] [status_zone=zone]",
     .apply = apply_resolver,
     .doc =
         "The name servers that are asked while we serve: at present for the hosts of OCSP responders (`ssl_stapling`). They take turns; "
         "one that does not answer within a second gives way to the next, and an answer that is too long for a datagram is asked for "
         "over TCP. Answers are kept as long as they say themselves, or for `valid`. `ipv4=off` and `ipv6=off`: no addresses of that "
         "kind are asked for. A name server given by its name is resolved when the configuration is read. `status_zone` changes "
         "nothing. Without this directive the system's name servers and its hosts file are asked."},
    {.name = "resolver_timeout",
     .contexts = everywhere,
     .syntax = "time",
     .fallback = "30s",
     .apply = config::store_milliseconds<&ResolverSettings::timeout>,
     .doc = "How long an answer of the name servers is waited for."},
};

}  // namespace

constexpr Module resolver_module{.name = "resolver", .directives = directives, .variables = {}, .handlers = {}, .filters = {}};

}  // namespace webserv::server
