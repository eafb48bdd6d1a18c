// modules/realip.cpp: the client's address from whom we trust to know it: a field of the request, or the PROXY protocol.
// Runs before everything that looks at the address; the connection's own stays in $realip_remote_addr.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "modules/registry.hpp"
#include "server/exchange.hpp"
#include "server/site_builder.hpp"
#include "sys/network.hpp"

namespace webserv::modules {
namespace {

using config::Checked;
using config::complain;
using server::Exchange;
using server::Outcome;
using server::Phase;
using sys::Address;
using sys::Network;
namespace context = config::context;

struct Settings {
    config::ScopedList<Network> trusted;
    bool from_proxy_protocol = false;
    std::string field = "X-Real-IP";
    bool recursive = false;
};

Checked<> apply_trusted(config::Scope& scope, const config::Statement& statement) {
    const config::Word& word = statement.words.front();
    auto& trusted = scope.settings.own<Settings>().trusted;
    if (word.text == "unix:") {
        trusted.add(Network::local());
        return {};
    }
    if (const auto network = Network::parse(word.text)) {
        if (network->has_stray_bits()) {
            server::builder(scope).warn(fmt::format("low address bits of {} are meaningless", word.text), word.place);
        }
        trusted.add(*network);
        return {};
    }
    const auto addresses = server::builder(scope).loader().resolve(word.text);
    if (!addresses || addresses->empty()) {
        return complain(fmt::format("host not found in set_real_ip_from \"{}\"", word.text), word.place,
                        "an address, a network such as 192.0.2.0/24, unix:, or a name that has an address now");
    }
    for (const std::string& literal : *addresses) {
        if (const auto address = Address::parse_ip(literal, 0)) trusted.add(Network::of(*address));
    }
    return {};
}

Checked<> apply_header(config::Scope& scope, const config::Statement& statement) {
    auto& settings = scope.settings.own<Settings>();
    settings.field = statement.words.front().text;
    settings.from_proxy_protocol = settings.field == "proxy_protocol";
    return {};
}

bool is_trusted(const Settings& settings, const Address& address) {
    const auto has = [&address](const Network& network) { return network.contains(address); };
    return std::any_of(settings.trusted.begin(), settings.trusted.end(), has);
}

// "192.0.2.1", "192.0.2.1:1234", "2001:db8::1", "[2001:db8::1]:1234"
std::optional<Address> parse_client(std::string_view text) {
    if (auto address = Address::parse_ip(text, 0)) return address;
    const auto colon = text.rfind(':');
    if (colon == text.npos) return std::nullopt;
    const auto port = text::parse_decimal(text.substr(colon + 1));
    if (!port || *port < 1 || *port > 65535) return std::nullopt;
    const std::string_view host = text.substr(0, colon);
    if (host.find(':') != host.npos && !host.starts_with('[')) return std::nullopt;
    return Address::parse_ip(host, static_cast<std::uint16_t>(*port));
}

std::string_view take_last(std::string_view& list) {
    const auto is_separator = [](char c) { return c == ' ' || c == ','; };
    while (!list.empty() && is_separator(list.back())) list.remove_suffix(1);
    std::size_t begin = list.size();
    while (begin > 0 && !is_separator(list[begin - 1])) --begin;
    const std::string_view last = list.substr(begin);
    list = list.substr(0, begin);
    return last;
}

/// Walks a list from its end, which the nearest proxy has written, as far as its writers are trusted.
/// @return whether the next line of the same field, which was written before, may say more
bool follow(const Settings& settings, std::string_view list, Address& client, bool& found) {
    do {
        if (!is_trusted(settings, client)) return false;
        const auto next = parse_client(take_last(list));
        if (!next) return false;
        client = *next;
        found = true;
    } while (settings.recursive && !text::trim(list).empty());
    return settings.recursive;
}

// A list that proxies append to has all its lines read, the last one first; of other fields the first line counts.
bool find_in_field(const Settings& settings, const http::FieldSection& fields, Address& client) {
    bool found = false;
    if (!text::equal_ignoring_case(settings.field, "x-forwarded-for")) {
        const auto value = fields.find(settings.field);
        if (value) (void)follow(settings, *value, client, found);
        return found;
    }
    for (auto line = fields.end(); line != fields.begin();) {
        --line;
        if (!text::equal_ignoring_case(line->name, settings.field)) continue;
        if (!follow(settings, line->value, client, found)) break;
    }
    return found;
}

Outcome find_client(Exchange& exchange) {
    if (exchange.has_spoken_for()) return Outcome::declined();  // it is known already
    const auto& settings = exchange.settings<Settings>();
    Address client = exchange.client();
    bool found = false;
    if (!settings.from_proxy_protocol) {
        found = find_in_field(settings, exchange.request.fields, client);
    } else if (const auto* const header = exchange.connection.proxy_header.get()) {
        (void)follow(settings, header->source, client, found);
        if (found) client.set_port(header->source_port);
    }
    if (found && exchange.trace != nullptr)
        exchange.trace->note(fmt::format("the client is {}, says {}", client.host(), exchange.client().host()));
    if (found) exchange.set_client(client);
    return Outcome::declined();
}

bool wanted(const config::SettingsTable& settings) { return !settings.get<Settings>().trusted.empty(); }

using Value = std::optional<std::string_view>;

constexpr server::Variable variables[] = {
    {.name = "realip_remote_addr", .get = [](Exchange& e, std::string_view) -> Value { return e.arena.copy(e.connection.peer().host()); }},
    {.name = "realip_remote_port",
     .get = [](Exchange& e, std::string_view) -> Value {
         const std::uint16_t port = e.connection.peer().port();
         return port == 0 ? Value{""} : Value{e.arena.copy(fmt::format_int{port}.c_str())};
     }},
};

constexpr config::Contexts places = context::http | context::server | context::location;

constexpr config::Directive directives[] = {
    {.name = "set_real_ip_from",
     .contexts = places,
     .syntax = "address | network | unix: | name",
     .apply = apply_trusted,
     .doc =
         "A peer that is believed when it says who the client is: by address, network, as any that comes by a local socket, or by a name "
         "whose addresses are looked up when the configuration is read. From then on `$remote_addr`, `allow`, logs and limits are about "
         "that client. A level that names one inherits none.",
     .repeatable = true},
    {.name = "real_ip_header",
     .contexts = places,
     .syntax = "field | X-Real-IP | X-Forwarded-For | proxy_protocol",
     .fallback = "X-Real-IP",
     .apply = apply_header,
     .doc = "Where a trusted peer says it: a field of the request, whose last address counts, or the header of the PROXY protocol."},
    {.name = "real_ip_recursive",
     .contexts = places,
     .takes = config::arity::flag,
     .fallback = "off",
     .apply = config::store_flag<&Settings::recursive>,
     .doc = "Whether an address that is trusted itself is passed over for the one before it in the list."},
};

constexpr server::Handler handlers[] = {
    {.phase = Phase::post_read, .plain = find_client, .waiting = nullptr, .wanted = wanted},
    {.phase = Phase::pre_access, .plain = find_client, .waiting = nullptr, .wanted = wanted},  // for what only a location says
};

}  // namespace

constexpr server::Module realip_module{
    .name = "realip", .directives = directives, .variables = variables, .handlers = handlers, .filters = {}};

}  // namespace webserv::modules
