// server/phases.cpp: the table of phases, run over what each location compiled to.
// A location that wants few handlers runs few: the list was compiled when the site was built.
#include "server/phases.hpp"

#include <fmt/format.h>

#include <optional>
#include <span>
#include <utility>

#include "http/status.hpp"
#include "http/target.hpp"
#include "http/user_agent.hpp"
#include "io/sleep.hpp"
#include "server/access.hpp"
#include "server/answers.hpp"
#include "server/request_content.hpp"
#include "server/tls_settings.hpp"
#include "server/worker.hpp"

namespace webserv::server {
namespace {

using observe::Level;

void choose_host(Exchange& exchange) {
    const ListenPoint& point = exchange.point;
    exchange.host = point.default_host;
    if (!point.single) {
        // Without a Host field the name that the TLS handshake meant still holds.
        const bool is_named = !exchange.host_name.empty() || !exchange.connection.is_secure();
        const std::string_view name = is_named ? exchange.host_name : server_name_of_handshake(exchange);
        const NameTable::Choice choice = point.names.find(name, exchange.arena);
        if (choice.host != nullptr) exchange.host = choice.host;
        if (choice.captures != nullptr) exchange.take_captures(choice.captures, choice.name->named_captures);
    }
    exchange.location = &exchange.host->bare;
    if (exchange.logs(Level::debug)) {
        exchange.trace = &exchange.make<observe::Trace>([&exchange](std::string_view what, std::string_view file, unsigned line) {
            exchange.log(Level::debug, file.empty() ? std::string{what} : fmt::format("{} ({}:{})", what, file, line));
        });
        exchange.trace->note(fmt::format("server \"{}\" for host \"{}\"", exchange.host->first_name(), exchange.host_name));
    }
}

Outcome choose_location(Exchange& exchange) {
    const LocationLevel::Choice choice = exchange.host->locations.choose(exchange.path, exchange.arena, exchange.trace);
    exchange.location = choice.location != nullptr ? choice.location : &exchange.host->bare;
    if (choice.redirect_to_slash) return redirect_to_slash(exchange);
    for (const LocationLevel::Match* match = choice.matches; match != nullptr; match = match->inner) {
        exchange.take_captures(match->captures, match->location->named_captures);
    }
    if (exchange.core().internal && !exchange.internal) return Outcome::status(404);
    return Outcome::declined();
}

bool may_persist(const Exchange& exchange) {
    const CoreSettings& core = exchange.core();
    const Connection& connection = exchange.connection;
    if (core.keepalive_timeout.count() == 0 || connection.requests >= core.keepalive_requests) return false;
    if (exchange.worker.loop.now() - connection.since > core.keepalive_time) return false;
    const bool asks_msie6 = core.keepalive_off_for_msie6 && exchange.request.method == http::Method::post;
    if (!asks_msie6 && !core.keepalive_off_for_safari) return true;
    const std::string_view agent = exchange.request.fields.find("user-agent").value_or(std::string_view{});
    return !(asks_msie6 && http::is_msie6(agent)) && !(core.keepalive_off_for_safari && http::is_safari(agent));
}

// What the chosen location says about the connection and about the request's content.
Outcome enter_location(Exchange& exchange) {
    if (exchange.location->limited) {
        const Location& limited = exchange.location->for_method(exchange.request.method_name);
        if (exchange.trace != nullptr && &limited != exchange.location) {
            exchange.trace->note(fmt::format("limit_except for {}", exchange.request.method_name),
                                 limited.place.file ? limited.place.file->path : "", limited.place.line);
        }
        exchange.location = &limited;
    }
    if (exchange.persistent && !may_persist(exchange)) exchange.persistent = false;
    if (exchange.post_action) return Outcome::declined();  // the content was a matter of the answer
    return limit_request_content(exchange);
}

Outcome nobody_answered(Exchange& exchange) {
    if (!exchange.path.ends_with('/')) {
        exchange.log(Level::error, fmt::format("no handler for \"{}\"", exchange.path));
        return Outcome::status(404);
    }
    const auto file = file_path(exchange, {});
    exchange.log(Level::error, fmt::format("directory index of \"{}\" is forbidden", file.value_or(exchange.path)));
    return Outcome::status(403);
}

// One pass through the phases. Most handlers are plain functions, and a pass without any other is one, too: no frame, no waiting.
class Pass {
public:
    /// From the start, or, after a jump, from the named location on. What is asked but once is asked in the first pass.
    /// @return nothing: wait() has to be awaited before it can go on
    std::optional<Outcome> begin(Exchange& exchange, bool is_first) {
        if (std::exchange(exchange.named_jump, false)) {
            if (const Outcome entered = enter(exchange); entered.kind != Outcome::Kind::declined) return entered;
            return run(exchange);
        }
        exchange.location = &exchange.host->bare;
        if (is_first && !exchange.host->post_read_handlers.empty()) {
            handlers_ = exchange.host->post_read_handlers;
        } else {
            begin_server(exchange);
        }
        return run(exchange);
    }
    [[nodiscard]] Task<Outcome> wait(Exchange& exchange) {
        const Handler& waiting = handlers_.front();
        handlers_ = handlers_.subspan(1);
        waited_for_ = waiting.phase;
        return waiting.waiting(exchange);
    }
    std::optional<Outcome> go_on(Exchange& exchange, Outcome waited) {
        const Outcome heard = waited_for_ == Phase::access ? hear(exchange, waited) : waited;
        return heard.kind != Outcome::Kind::declined ? heard : run(exchange);
    }
    /// Whether the outcome is that access control wants to see credentials, or better ones.
    [[nodiscard]] bool wants_credentials() const noexcept { return wants_credentials_; }

private:
    enum class Stage : unsigned char { arrival, server, location };

    std::optional<Outcome> run(Exchange& exchange) {
        for (;;) {
            for (; !handlers_.empty(); handlers_ = handlers_.subspan(1)) {
                const Handler& handler = handlers_.front();
                if (handler.phase == Phase::access && access_.is_settled()) continue;
                if (handler.phase == Phase::log || (handler.phase > Phase::access && access_.refusal() != 0)) break;
                if (handler.plain == nullptr) return std::nullopt;
                Outcome outcome = handler.plain(exchange);
                if (handler.phase == Phase::access) outcome = hear(exchange, outcome);
                if (outcome.kind != Outcome::Kind::declined) return outcome;
            }
            if (access_.refusal() != 0) return refuse(exchange);
            if (stage_ == Stage::location) return nobody_answered(exchange);
            if (const Outcome outcome = advance(exchange); outcome.kind != Outcome::Kind::declined) return outcome;
        }
    }
    /// All handlers of a stage have declined: the next one begins.
    Outcome advance(Exchange& exchange) {
        if (stage_ == Stage::arrival) {
            begin_server(exchange);
            return Outcome::declined();
        }
        const Outcome chosen = choose_location(exchange);
        return chosen.kind == Outcome::Kind::declined ? enter(exchange) : chosen;
    }
    void begin_server(Exchange& exchange) {
        stage_ = Stage::server;
        handlers_ = exchange.host->rewrite_handlers;
    }
    Outcome enter(Exchange& exchange) {
        const Outcome entered = enter_location(exchange);
        if (entered.kind != Outcome::Kind::declined) return entered;
        stage_ = Stage::location;
        handlers_ = exchange.location->handlers;
        access_ = AccessVerdict{exchange.core().satisfy};
        return Outcome::declined();
    }
    Outcome hear(Exchange& exchange, Outcome outcome) {
        const Outcome answer = access_.hear(outcome);
        wants_credentials_ = answer.kind == Outcome::Kind::status && answer.code == 401;
        // Whoever asked for credentials before need not have them any more.
        if (access_.is_settled()) exchange.response.fields.remove("WWW-Authenticate");
        return answer;
    }
    Outcome refuse(Exchange& exchange) {
        wants_credentials_ = access_.refusal() == 401;
        if (access_.refusal() == 403) exchange.log(Level::error, "access forbidden by rule");
        return Outcome::status(access_.refusal());
    }

    std::span<const Handler> handlers_;  // still to be run
    Stage stage_ = Stage::arrival;
    Phase waited_for_ = Phase::post_read;
    AccessVerdict access_{Satisfy::all};
    bool wants_credentials_ = false;
};

// auth_delay. A worker that is told to end does not wait.
Task<> delay_refusal(Exchange& exchange) {
    exchange.log(Level::info, "delaying unauthorized request");
    const io::Deadline until = io::deadline_after(exchange.worker.loop.now(), exchange.core().auth_delay);
    (void)co_await io::sleep_until(exchange.worker.loop, &exchange.worker.scope, until);
}

// Phases once more, for what they do and for the log line: nothing of it is sent. As often as locations ask, within the bound of
// internal redirects.
Outcome begin_post_action(Exchange& exchange) {
    const std::string& action = exchange.core().post_action;
    if (exchange.post_action && exchange.has_redirected_too_often()) return Outcome::declined();
    if (exchange.trace != nullptr) exchange.trace->note(fmt::format("post_action \"{}\"", action));
    exchange.post_action = true;
    return action.starts_with('@') ? exchange.jump_to(action) : exchange.redirect_internally(action, {});
}

Outcome apply_filters(Exchange& exchange) {
    http::Response& response = exchange.response;
    if (exchange.forced_status != 0) response.status = exchange.forced_status;
    response.server = server_text(exchange);
    if (!response.location.empty() && !response.location.starts_with('/')) {
        response.fields.add("Location", without_line_ends(response.location, exchange.arena));  // somebody else's URL: sent as it is
        response.location = {};
    }
    for (const Filter& filter : exchange.location->filters) {
        if (const Outcome outcome = filter.apply(exchange); outcome.kind != Outcome::Kind::declined) return outcome;
    }
    return Outcome::declined();
}

}  // namespace

Outcome begin(Exchange& exchange) {
    exchange.host_name = exchange.arena.lower(exchange.request.host);
    choose_host(exchange);
    if (exchange.host_name.empty()) exchange.host_name = exchange.host->first_name();
    const auto& server = exchange.host->settings.get<ConnectionSettings>();
    if (exchange.point.takes_underscores && !server.takes_underscores()) {
        exchange.request.fields.remove_if([](const http::FieldLine& line) { return line.name.find('_') != line.name.npos; });
    }

    if (exchange.point.secure) {
        if (const Outcome checked = check_tls(exchange); checked.kind != Outcome::Kind::declined) return checked;
    }
    using http::Method;
    const Method method = exchange.request.method;
    if (method == Method::trace || method == Method::connect) {
        exchange.log(Level::info, fmt::format("client sent {} method", exchange.request.method_name));
        exchange.persistent = false;  // what follows may be a tunnel's octets, not a request
        return Outcome::status(405);
    }
    if (exchange.request.form == http::TargetForm::asterisk) {
        exchange.path = "*";
        return answer_asterisk(exchange);
    }
    const auto path = http::normalise_path(exchange.request.path, server.merge_slashes, exchange.arena);
    if (!path) {
        exchange.path = exchange.request.path;
        exchange.log(Level::info, "client sent invalid request");
        return Outcome::status(400);
    }
    exchange.path = *path;
    return Outcome::declined();
}

Task<> answer(Exchange& exchange, Outcome outcome) {
    using Kind = Outcome::Kind;
    for (;;) {
        if (outcome.kind == Kind::declined || outcome.kind == Kind::redirected) {
            Pass pass;
            std::optional<Outcome> decided = pass.begin(exchange, outcome.kind == Kind::declined);
            while (!decided) {
                const Outcome waited = co_await pass.wait(exchange);
                decided = pass.go_on(exchange, waited);
            }
            outcome = *decided;
            if (pass.wants_credentials() && exchange.core().auth_delay.count() > 0) co_await delay_refusal(exchange);
        }
        while (outcome.kind == Kind::status) outcome = answer_status(exchange, outcome.code);
        if (outcome.kind == Kind::redirected) continue;
        if (outcome.kind == Kind::close) break;
        if (!exchange.post_action) {
            outcome = apply_filters(exchange);
            if (outcome.kind != Kind::declined) continue;
            Answer answer = prepare_answer(exchange);
            const http::Sent sent = co_await exchange.transport.write_response(exchange.response, answer.options, answer.content,
                                                                               answer.limits, exchange.arena);
            finish_answer(exchange, answer, sent);
        }
        if (exchange.core().post_action.empty()) break;
        outcome = begin_post_action(exchange);
        if (outcome.kind == Kind::declined) break;
    }
    if (outcome.kind == Kind::close && exchange.post_action) {
        exchange.persistent = false;
    } else if (outcome.kind == Kind::close) {
        exchange.persistent = false;
        exchange.forced_status = outcome.code;
        if (exchange.core().reset_timedout_connection) {
            exchange.broken = true;
            exchange.transport.reset();
        }
    }
    log_exchange(exchange);
}

void log_exchange(Exchange& exchange) {
    for (const Handler& handler : exchange.location->handlers) {
        if (handler.phase == Phase::log) (void)handler.plain(exchange);
    }
}

}  // namespace webserv::server
