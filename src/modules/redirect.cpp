// modules/redirect.cpp: `return`: an answer made by the configuration: a redirect, a short text, a status, or none (444).
// Runs in the rewrite phases, before access is checked and files are looked at.
#include <fmt/format.h>

#include "config/values.hpp"
#include "http/status.hpp"
#include "modules/registry.hpp"
#include "server/answers.hpp"
#include "server/site_builder.hpp"

namespace webserv::modules {
namespace {

using config::Checked;
using config::complain;
using server::Exchange;
using server::Outcome;
using server::Phase;
namespace context = config::context;

// nginx's own codes for "close": by the configuration's wish, and as if the client had gone.
constexpr int close_without_answer = 444, client_closed = 499;
constexpr int status_max = 999;

struct Settings {
    bool enabled = false;
    int status = 0;
    bool has_text = false;
    config::Expression text{};

    void enter_scope() { *this = {}; }  // nginx: rewrite codes are not inherited
};

bool is_url(std::string_view text) { return text.starts_with("http://") || text.starts_with("https://") || text.starts_with("$scheme"); }

Checked<> apply_return(config::Scope& scope, const config::Statement& statement) {
    auto& settings = scope.settings.own<Settings>();
    if (settings.enabled) return {};  // the first one ends the sequence, as in nginx
    const config::Word& first = statement.words.front();
    const auto number = config::parse_number(first.text);
    const config::Word* text = statement.words.size() > 1 ? &statement.words[1] : nullptr;
    Settings parsed{.enabled = true};
    if (number && *number >= 0 && *number <= status_max) {
        parsed.status = static_cast<int>(*number);
    } else if (text == nullptr && is_url(first.text)) {
        parsed.status = 302;
        text = &first;
    } else {
        return complain(fmt::format("invalid return code \"{}\"", first.text), first.place);
    }
    if (text != nullptr) {
        auto compiled = server::builder(scope).compile(*text, scope);
        if (!compiled) return std::unexpected{compiled.error()};
        parsed.has_text = true;
        parsed.text = std::move(*compiled);
    }
    settings = std::move(parsed);
    return {};
}

Outcome answer(Exchange& exchange) {
    const auto& settings = exchange.settings<Settings>();
    if (settings.status == close_without_answer || settings.status == client_closed) return Outcome::close(settings.status);
    const std::string_view text = settings.has_text ? exchange.evaluate(settings.text) : std::string_view{};
    if (http::is_redirect(settings.status)) {
        exchange.response.location = text;
        return Outcome::status(settings.status);
    }
    if (settings.status >= 400 && text.empty()) return Outcome::status(settings.status);
    return server::answer_text(exchange, settings.status, text);
}

bool wanted(const config::SettingsTable& settings) { return settings.get<Settings>().enabled; }

constexpr config::Directive directives[] = {
    {.name = "return",
     .contexts = context::server | context::location,
     .takes = config::arity::between(1, 2),
     .syntax = "code [text] | code url | url",
     .apply = apply_return,
     .doc =
         "Ends the request with an answer: 301, 302, 303, 307 and 308 redirect to the URL; other codes send the text, with the type of the "
         "path's extension; a code of 400 and more without text goes through `error_page`; 444 closes without an answer. A URL alone is a "
         "302. Both text and URL may hold variables.",
     .repeatable = true},
};

constexpr server::Handler handlers[] = {
    {.phase = Phase::server_rewrite, .plain = answer, .waiting = nullptr, .wanted = wanted},
    {.phase = Phase::rewrite, .plain = answer, .waiting = nullptr, .wanted = wanted},
};

}  // namespace

constexpr server::Module redirect_module{.name = "return", .directives = directives, .variables = {}, .handlers = handlers, .filters = {}};

}  // namespace webserv::modules
