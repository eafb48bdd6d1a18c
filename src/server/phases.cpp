// server/phases.cpp: the table of phases, run over what each location compiled to.
// A location that wants few handlers runs few: the list was compiled when the site was built.
#include "server/phases.hpp"

#include <fmt/format.h>

#include <optional>
#include <span>
#include <utility>

#include "http/status.hpp"
#include "http/target.hpp"
#include "server/answers.hpp"
#include "server/worker.hpp"

namespace webserv::server {
namespace {

using observe::Level;

void choose_host(Exchange& exchange) {
    const ListenPoint& point = exchange.point;
    exchange.host = point.default_host;
    if (!point.single) {
        const NameTable::Choice choice = point.names.find(exchange.host_name, exchange.arena);
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

// What the chosen location says about the connection and about the request's content.
Outcome enter_location(Exchange& exchange) {
    const CoreSettings& core = exchange.core();
    auto& http = exchange.connection.http;
    http.set_content_bytes_max(core.client_max_body_size);
    http.set_content_patience(core.client_body_timeout);
    if (core.keepalive_timeout.count() == 0 || exchange.connection.requests >= core.keepalive_requests) exchange.persistent = false;
    const std::uint64_t announced = exchange.request.content_length.value_or(0);
    if (core.client_max_body_size > 0 && announced > core.client_max_body_size && !exchange.error_page_used) {
        exchange.log(Level::error, fmt::format("client intended to send too large body: {} bytes", announced));
        return Outcome::status(413);
    }
    return Outcome::declined();
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
    /// From the start, or, after a jump, from the named location on.
    /// @return nothing: wait() has to be awaited before it can go on
    std::optional<Outcome> begin(Exchange& exchange) {
        if (std::exchange(exchange.named_jump, false)) return enter(exchange);
        exchange.location = &exchange.host->bare;
        handlers_ = exchange.host->rewrite_handlers;
        in_location_ = false;
        return go_on(exchange);
    }
    [[nodiscard]] Task<Outcome> wait(Exchange& exchange) {
        const Handler& waiting = handlers_.front();
        handlers_ = handlers_.subspan(1);
        return waiting.waiting(exchange);
    }
    std::optional<Outcome> go_on(Exchange& exchange, Outcome waited = Outcome::declined()) {
        if (waited.kind != Outcome::Kind::declined) return waited;
        for (; !handlers_.empty() && handlers_.front().phase != Phase::log; handlers_ = handlers_.subspan(1)) {
            const Handler& handler = handlers_.front();
            if (handler.plain == nullptr) return std::nullopt;
            const Outcome outcome = handler.plain(exchange);
            if (outcome.kind != Outcome::Kind::declined) return outcome;
        }
        if (in_location_) return nobody_answered(exchange);
        const Outcome chosen = choose_location(exchange);
        return chosen.kind == Outcome::Kind::declined ? enter(exchange) : chosen;
    }

private:
    std::optional<Outcome> enter(Exchange& exchange) {
        const Outcome entered = enter_location(exchange);
        if (entered.kind != Outcome::Kind::declined) return entered;
        handlers_ = exchange.location->handlers;
        in_location_ = true;
        return go_on(exchange);
    }

    std::span<const Handler> handlers_;  // still to be run
    bool in_location_ = false;
};

Outcome apply_filters(Exchange& exchange) {
    http::Response& response = exchange.response;
    if (exchange.forced_status != 0) response.status = exchange.forced_status;
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
    const auto& server = exchange.host->settings.get<ConnectionSettings>();
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
            std::optional<Outcome> decided = pass.begin(exchange);
            while (!decided) {
                const Outcome waited = co_await pass.wait(exchange);
                decided = pass.go_on(exchange, waited);
            }
            outcome = *decided;
        }
        if (outcome.kind == Kind::status) outcome = answer_status(exchange, outcome.code);
        if (outcome.kind == Kind::redirected) continue;
        if (outcome.kind == Kind::close) break;
        outcome = apply_filters(exchange);
        if (outcome.kind != Kind::declined) continue;
        Answer answer = prepare_answer(exchange);
        const h1::Connection::Sent sent = co_await exchange.connection.http.write_response(
            exchange.response, answer.options, answer.content, exchange.core().send_timeout, exchange.arena);
        finish_answer(exchange, answer, sent);
        break;
    }
    if (outcome.kind == Kind::close) {
        exchange.persistent = false;
        exchange.forced_status = outcome.code;
        if (exchange.core().reset_timedout_connection) exchange.connection.reset();
    }
    log_exchange(exchange);
}

void log_exchange(Exchange& exchange) {
    for (const Handler& handler : exchange.location->handlers) {
        if (handler.phase == Phase::log) (void)handler.plain(exchange);
    }
}

}  // namespace webserv::server
