// modules/access.cpp: allow and deny: who may come, by address. The first rule that fits decides; without one, everybody may.
// Speaks in the access phase, where `satisfy` weighs what it and others say.
#include <fmt/format.h>

#include <algorithm>

#include "modules/registry.hpp"
#include "server/exchange.hpp"
#include "server/site_builder.hpp"
#include "sys/network.hpp"

namespace webserv::modules {
namespace {

using config::Checked;
using server::Exchange;
using server::Outcome;
using server::Phase;
using sys::Network;
namespace context = config::context;

struct Rule {
    Network network;
    bool allows = false;
    config::Place place{};
    std::string text{};  ///< as written
};

struct Settings {
    config::ScopedList<Rule> rules;  ///< allow and deny are one list: it is inherited as a whole
};

Checked<> add_rule(config::Scope& scope, const config::Statement& statement, bool allows) {
    const config::Word& word = statement.words.front();
    std::optional<Network> network;
    if (word.text == "all") {
        network = Network::everybody();
    } else if (word.text == "unix:") {
        network = Network::local();
    } else {
        network = Network::parse(word.text);
    }
    if (!network) {
        return config::complain(fmt::format("invalid parameter \"{}\"", word.text), word.place,
                                "an address, a network such as 192.0.2.0/24, unix: or all");
    }
    if (network->has_stray_bits()) {
        server::builder(scope).warn(fmt::format("low address bits of {} are meaningless", word.text), word.place);
    }
    scope.settings.own<Settings>().rules.add({.network = *network, .allows = allows, .place = statement.name.place, .text = word.text});
    return {};
}

Checked<> apply_allow(config::Scope& scope, const config::Statement& statement) { return add_rule(scope, statement, true); }
Checked<> apply_deny(config::Scope& scope, const config::Statement& statement) { return add_rule(scope, statement, false); }

Outcome check(Exchange& exchange) {
    const auto& rules = exchange.settings<Settings>().rules;
    const sys::Address client = exchange.client();
    const auto fits = [&client](const Rule& rule) { return rule.network.contains(client); };
    const auto found = std::find_if(rules.begin(), rules.end(), fits);
    if (found == rules.end()) return Outcome::declined();
    if (exchange.trace != nullptr) {
        exchange.trace->note(fmt::format("{} {} for {}", found->allows ? "allow" : "deny", found->text, client.host()),
                             found->place.file ? found->place.file->path : "", found->place.line);
    }
    if (found->allows) return Outcome::granted();
    // With `satisfy any` it is not the last word yet.
    if (exchange.core().satisfy == server::Satisfy::all) exchange.log(observe::Level::error, "access forbidden by rule");
    return Outcome::status(403);
}

bool wanted(const config::SettingsTable& settings) { return !settings.get<Settings>().rules.empty(); }

constexpr config::Contexts places = context::http | context::server | context::location | context::limit_except;

constexpr config::Directive directives[] = {
    {.name = "allow",
     .contexts = places,
     .syntax = "address | network | unix: | all",
     .apply = apply_allow,
     .doc =
         "Lets in clients with this address: IPv4 or IPv6, a network as `192.0.2.0/24`, `unix:` for those that come by a local socket, or "
         "`all`. Of all allow and deny directives of a level the first that fits decides; a level that has none inherits the outer "
         "level's.",
     .repeatable = true},
    {.name = "deny",
     .contexts = places,
     .syntax = "address | network | unix: | all",
     .apply = apply_deny,
     .doc = "Answers 403 to clients with this address, which is written as for `allow`. A `return` is answered before access is checked.",
     .repeatable = true},
};

constexpr server::Handler handlers[] = {{.phase = Phase::access, .plain = check, .waiting = nullptr, .wanted = wanted}};

}  // namespace

constexpr server::Module access_module{.name = "access", .directives = directives, .variables = {}, .handlers = handlers, .filters = {}};

}  // namespace webserv::modules
