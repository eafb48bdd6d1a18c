// modules/early_read.cpp: client_body_early_read: a request's content is read before its location is chosen, as the server's settings say.
// Whatever comes later finds it there: values, handlers that store it, the log.
#include "modules/registry.hpp"
#include "server/exchange.hpp"
#include "server/request_content.hpp"
#include "server/site_builder.hpp"

namespace webserv::modules {
namespace {

using config::Checked;
using server::Exchange;
using server::Outcome;
using server::Phase;
namespace context = config::context;

struct Settings {
    config::ScopedList<config::Expression> conditions;
};

Checked<> apply_early_read(config::Scope& scope, const config::Statement& statement) {
    for (const config::Word& word : statement.words) {
        auto condition = server::builder(scope).compile_early(word);
        if (!condition) return std::unexpected{condition.error()};
        scope.settings.own<Settings>().conditions.add(std::move(*condition));
    }
    scope.settings.own<server::CoreSettings>().stores_request_content = true;
    return {};
}

bool holds(Exchange& exchange) {
    for (const config::Expression& condition : exchange.settings<Settings>().conditions) {
        const std::string_view value = exchange.evaluate(condition);
        if (!value.empty() && value != "0") return true;
    }
    return false;
}

Task<Outcome> read_early(Exchange& exchange) {
    if (!exchange.request.has_content() || !holds(exchange)) co_return Outcome::declined();
    if (exchange.trace != nullptr) exchange.trace->note("client_body_early_read: the content is read first");
    const Outcome limited = server::limit_request_content(exchange);
    if (limited.kind != Outcome::Kind::declined) co_return limited;
    co_return co_await server::read_request_content(exchange);
}

bool wanted(const config::SettingsTable& settings) { return !settings.get<Settings>().conditions.empty(); }

constexpr config::Directive directives[] = {
    {.name = "client_body_early_read",
     .contexts = context::http | context::server,
     .takes = config::arity::one_or_more,
     .syntax = "value ...",
     .apply = apply_early_read,
     .doc =
         "If a value is neither empty nor `0`, a request's content is read before its location is chosen: with the `client_max_body_size`, "
         "`client_body_buffer_size` and other settings of the server, whatever the location says. Afterwards the location's "
         "`client_max_body_size` is asked as well. `$request_body` has a value everywhere then, also in a `log_format`.",
     .repeatable = true},
};

// Who the client is may be asked for by a value, so realip comes before this.
constexpr server::Handler handlers[] = {{.phase = Phase::post_read, .plain = nullptr, .waiting = read_early, .wanted = wanted}};

}  // namespace

constexpr server::Module early_read_module{
    .name = "early_read", .directives = directives, .variables = {}, .handlers = handlers, .filters = {}};

}  // namespace webserv::modules
