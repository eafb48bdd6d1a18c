// modules/stub_status.cpp: how busy the server is: nginx's four lines, which many programs read, and the same as variables.
// The figures are those of all workers, from the memory they share.
#include <fmt/format.h>

#include "modules/registry.hpp"
#include "server/answers.hpp"
#include "server/worker.hpp"

namespace webserv::modules {
namespace {

using observe::Counter;
using server::Exchange;
using server::Outcome;
using server::Phase;
namespace context = config::context;

struct Settings {
    bool enabled = false;
    void enter_scope() { enabled = false; }  // as any handler of content
};

config::Checked<> apply_stub_status(config::Scope& scope, const config::Statement&) {
    scope.settings.own<Settings>().enabled = true;  // whatever the word behind it: old configurations have an "on" there
    return {};
}

Outcome tell(Exchange& exchange) {
    if (!exchange.is_safe()) return Outcome::status(405);
    const auto total = [&worker = exchange.worker](Counter counter) { return worker.total(counter); };
    const std::string text =
        fmt::format("Active connections: {} \nserver accepts handled requests\n {} {} {} \nReading: {} Writing: {} Waiting: {} \n",
                    total(Counter::active), total(Counter::accepted), total(Counter::handled), total(Counter::requests),
                    total(Counter::reading), total(Counter::writing), total(Counter::waiting));
    return server::answer_text(exchange, 200, exchange.arena.copy(text), "text/plain");
}

bool wanted(const config::SettingsTable& settings) { return settings.get<Settings>().enabled; }

using Value = std::optional<std::string_view>;

template <Counter Figure>
Value figure(Exchange& exchange, std::string_view) {
    return exchange.arena.copy(fmt::format_int{exchange.worker.total(Figure)}.c_str());
}

constexpr server::Variable variables[] = {
    {.name = "connections_active", .get = figure<Counter::active>, .cacheable = false},
    {.name = "connections_reading", .get = figure<Counter::reading>, .cacheable = false},
    {.name = "connections_writing", .get = figure<Counter::writing>, .cacheable = false},
    {.name = "connections_waiting", .get = figure<Counter::waiting>, .cacheable = false},
};

constexpr config::Directive directives[] = {
    {.name = "stub_status",
     .contexts = context::server | context::location,
     .takes = config::arity::between(0, 1),
     .syntax = "",
     .apply = apply_stub_status,
     .doc =
         "Answers with four lines: open connections; accepted, served and the requests they have made; and how many are reading a request, "
         "writing a response, waiting for the next request. Of all workers together. Not for everybody: see `allow`.",
     .repeatable = true},
};

constexpr server::Handler handlers[] = {{.phase = Phase::content, .plain = tell, .waiting = nullptr, .wanted = wanted}};

}  // namespace

constexpr server::Module stub_status_module{
    .name = "stub_status", .directives = directives, .variables = variables, .handlers = handlers, .filters = {}};

}  // namespace webserv::modules
