// modules/expires.cpp: expires: how long a response may be kept, as Expires and Cache-Control say it (RFC 9111 section 5).
// Runs before add_header, so that what that adds stands behind.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <expected>

#include "base/text.hpp"
#include "config/values.hpp"
#include "http/date.hpp"
#include "modules/registry.hpp"
#include "server/answers.hpp"
#include "server/site_builder.hpp"
#include "server/worker.hpp"

namespace webserv::modules {
namespace {

using config::Checked;
using config::complain;
using server::Exchange;
using server::Outcome;
namespace context = config::context;

constexpr std::time_t day_seconds = 24 * 60 * 60;

/// One value of the directive.
struct Lifetime {
    enum class Kind : unsigned char { off, epoch, max, since_access, since_modified, time_of_day };
    Kind kind = Kind::off;
    std::time_t seconds = 0;
};

struct Settings {
    Lifetime lifetime;
    bool modified = false;  ///< of a value with variables: the word before it
    bool has_variables = false;
    config::Expression value{};
};

std::expected<Lifetime, std::string_view> parse_lifetime(std::string_view text, bool modified) {
    using Kind = Lifetime::Kind;
    if (!modified && text == "epoch") return Lifetime{Kind::epoch, 0};
    if (!modified && text == "max") return Lifetime{Kind::max, 0};
    if (!modified && text == "off") return Lifetime{Kind::off, 0};
    Lifetime lifetime{modified ? Kind::since_modified : Kind::since_access, 0};
    bool negative = false;
    if (text.starts_with('@')) {
        if (modified) return std::unexpected{"daily time cannot be used with \"modified\" parameter"};
        lifetime.kind = Kind::time_of_day;
        text.remove_prefix(1);
    } else if (text.starts_with('+') || text.starts_with('-')) {
        negative = text.front() == '-';
        text.remove_prefix(1);
    }
    const auto seconds = config::parse_seconds(text);
    if (!seconds) return std::unexpected{"invalid value"};
    lifetime.seconds = seconds->count();
    if (lifetime.kind == Kind::time_of_day && lifetime.seconds > day_seconds) {
        return std::unexpected{"daily time value must be less than 24 hours"};
    }
    if (negative) lifetime.seconds = -lifetime.seconds;
    return lifetime;
}

Checked<> apply_expires(config::Scope& scope, const config::Statement& statement) {
    Settings settings;
    settings.modified = statement.words.size() == 2;
    if (settings.modified && statement.words.front().text != "modified") return complain("invalid value", statement.words.front().place);
    const config::Word& word = statement.words.back();
    auto value = server::builder(scope).compile(word, scope);
    if (!value) return std::unexpected{value.error()};
    settings.has_variables = !value->is_literal();
    if (settings.has_variables) {
        settings.value = std::move(*value);
    } else {
        const auto lifetime = parse_lifetime(word.text, settings.modified);
        if (!lifetime) return complain(std::string{lifetime.error()}, word.place, "a time such as 1h, -1, @15h30m; epoch, max or off");
        settings.lifetime = *lifetime;
    }
    scope.settings.own<Settings>() = std::move(settings);
    return {};
}

/// When the clocks here show this time of day next.
std::time_t next_time_of_day(std::time_t now, std::time_t seconds) {
    std::tm day{};
    ::localtime_r(&now, &day);
    day.tm_hour = static_cast<int>(seconds / 3600);
    day.tm_min = static_cast<int>(seconds / 60 % 60);
    day.tm_sec = static_cast<int>(seconds % 60);
    day.tm_isdst = -1;
    std::tm later = day;
    const std::time_t today = std::mktime(&day);
    if (today > now) return today;
    ++later.tm_mday;
    return std::mktime(&later);
}

void set_fields(Exchange& exchange, std::string_view expires, std::string_view cache_control) {
    http::FieldSection& fields = exchange.response.fields;
    fields.remove("Expires");
    fields.remove("Cache-Control");
    fields.add("Expires", expires);
    fields.add("Cache-Control", cache_control);
}

void tell(Exchange& exchange, Lifetime lifetime) {
    using Kind = Lifetime::Kind;
    if (lifetime.kind == Kind::off) return;
    if (lifetime.kind == Kind::epoch) return set_fields(exchange, "Thu, 01 Jan 1970 00:00:01 GMT", "no-cache");
    constexpr std::string_view ten_years = "max-age=315360000";
    if (lifetime.kind == Kind::max) return set_fields(exchange, "Thu, 31 Dec 2037 23:55:55 GMT", ten_years);

    const std::time_t now = std::chrono::system_clock::to_time_t(exchange.worker.loop.wall_now());
    std::time_t until = now + lifetime.seconds;
    if (lifetime.kind == Kind::time_of_day) until = next_time_of_day(now, lifetime.seconds);
    // `expires 0` is "now", whatever else was said.
    const bool counts_from_file = lifetime.kind == Kind::since_modified && lifetime.seconds != 0;
    if (counts_from_file && exchange.response.last_modified) until = *exchange.response.last_modified + lifetime.seconds;
    char* const date = exchange.arena.take(http::date_bytes);
    http::format_date(until, date);
    const bool gone = lifetime.seconds < 0 || until < now;
    set_fields(exchange, {date, http::date_bytes}, gone ? "no-cache" : exchange.arena.copy(fmt::format("max-age={}", until - now)));
}

Outcome add_lifetime(Exchange& exchange) {
    if (!server::takes_added_fields(exchange.response.status)) return Outcome::declined();
    const auto& settings = exchange.settings<Settings>();
    if (!settings.has_variables) {
        tell(exchange, settings.lifetime);
    } else if (const auto lifetime = parse_lifetime(exchange.evaluate(settings.value), settings.modified)) {
        tell(exchange, *lifetime);
    }
    return Outcome::declined();
}

bool wanted(const config::SettingsTable& table) {
    const auto& settings = table.get<Settings>();
    return settings.has_variables || settings.lifetime.kind != Lifetime::Kind::off;
}

constexpr config::Directive directives[] = {
    {.name = "expires",
     .contexts = context::http | context::server | context::location | context::if_in_location,
     .takes = config::arity::between(1, 2),
     .syntax = "[modified] time | epoch | max | off",
     .fallback = "off",
     .apply = apply_expires,
     .doc =
         "Adds `Expires` and `Cache-Control: max-age` to responses with the statuses that `add_header` knows. The time counts from now, or "
         "with `modified` from the file's own; a negative one says `no-cache`. `@15h30m` is the next time that the clocks show that. "
         "`epoch` has expired always, `max` lasts for ten years. May hold variables; a value that is none of these adds nothing."},
};

constexpr server::Filter filters[] = {{.apply = add_lifetime, .wanted = wanted}};

}  // namespace

constexpr server::Module expires_module{.name = "expires", .directives = directives, .variables = {}, .handlers = {}, .filters = filters};

}  // namespace webserv::modules
