// server/content_coding.cpp: gzip_vary, gzip_proxied, gzip_http_version, gzip_disable: nginx's rules, for every coding.
// They are about who asks, and by whom; not about what is sent.
#include "server/content_coding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "config/regex.hpp"
#include "http/accept_encoding.hpp"
#include "http/date.hpp"
#include "http/user_agent.hpp"
#include "server/core_modules.hpp"
#include "server/site_builder.hpp"
#include "server/worker.hpp"

namespace webserv::server {
namespace {

using config::Checked;
using config::complain;

/// Requests that came through a proxy (Via) may be answered in a coding if their answer ...
enum Proxied : unsigned {
    off = 1,
    expired = 2,
    no_cache = 4,
    no_store = 8,
    private_ = 16,
    no_last_modified = 32,
    no_etag = 64,
    auth = 128,
    any = 256
};

struct NamedProxied {
    std::string_view word;
    unsigned bit;
};
constexpr std::array<NamedProxied, 9> proxied_words{{{"off", off},
                                                     {"expired", expired},
                                                     {"no-cache", no_cache},
                                                     {"no-store", no_store},
                                                     {"private", private_},
                                                     {"no_last_modified", no_last_modified},
                                                     {"no_etag", no_etag},
                                                     {"auth", auth},
                                                     {"any", any}}};

struct Settings {
    bool vary = false;
    unsigned proxied = off;
    bool proxied_is_own = false;  // another line of this level adds to it
    http::Version version{1, 1};
    bool disabled_for_msie6 = false;
    config::ScopedList<std::shared_ptr<const config::Regex>> disabled;

    void enter_scope() { proxied_is_own = false; }
};

Checked<> apply_proxied(config::Scope& scope, const config::Statement& statement) {
    auto& settings = scope.settings.own<Settings>();
    unsigned bits = std::exchange(settings.proxied_is_own, true) ? settings.proxied : 0;
    for (const config::Word& word : statement.words) {
        const auto found = std::find_if(proxied_words.begin(), proxied_words.end(),
                                        [&word](const NamedProxied& known) { return known.word == word.text; });
        if (found == proxied_words.end()) return complain(fmt::format("invalid value \"{}\"", word.text), word.place);
        bits |= found->bit;
    }
    settings.proxied = bits;
    return {};
}

Checked<> apply_version(config::Scope& scope, const config::Statement& statement) {
    const config::Word& word = statement.words.front();
    if (word.text != "1.0" && word.text != "1.1") return complain(fmt::format("invalid value \"{}\"", word.text), word.place, "1.0 or 1.1");
    scope.settings.own<Settings>().version = {1, static_cast<std::uint8_t>(word.text == "1.1" ? 1 : 0)};
    return {};
}

Checked<> apply_disable(config::Scope& scope, const config::Statement& statement) {
    auto& settings = scope.settings.own<Settings>();
    if (!settings.disabled.is_own()) settings.disabled_for_msie6 = false;
    settings.disabled.begin_own();
    for (const config::Word& word : statement.words) {
        if (word.text == "msie6") {
            settings.disabled_for_msie6 = true;
            continue;
        }
        auto regex = config::Regex::compile(word.text, true);
        if (!regex) return complain(regex.error(), word.place);
        settings.disabled.add(std::make_shared<const config::Regex>(std::move(*regex)));
    }
    return {};
}

bool has_cache_control(const http::FieldSection& fields, std::string_view token) {
    return std::any_of(fields.begin(), fields.end(), [token](const http::FieldLine& line) {
        return text::equal_ignoring_case(line.name, "cache-control") && http::has_token(line.value, token);
    });
}

// As far as the response is known by now.
bool may_pass_proxy(const Exchange& exchange, unsigned proxied) {
    const http::Response& response = exchange.response;
    if ((proxied & off) != 0) return false;
    if ((proxied & any) != 0) return true;
    if ((proxied & auth) != 0 && exchange.request.fields.find("authorization")) return true;
    if (const auto expires = response.fields.find("expires")) {
        const auto date = http::parse_date(*expires);
        return (proxied & expired) != 0 && date && *date < std::chrono::system_clock::to_time_t(exchange.worker.loop.wall_now());
    }
    if (response.fields.find("cache-control")) {
        return ((proxied & no_cache) != 0 && has_cache_control(response.fields, "no-cache")) ||
               ((proxied & no_store) != 0 && has_cache_control(response.fields, "no-store")) ||
               ((proxied & private_) != 0 && has_cache_control(response.fields, "private"));
    }
    // Nothing is said about keeping it: nginx lets it pass, unless it is to have no validator.
    return !((proxied & no_last_modified) != 0 && response.last_modified) && !((proxied & no_etag) != 0 && !response.etag.empty());
}

bool is_disabled_for(Exchange& exchange, const Settings& settings) {
    const auto agent = exchange.request.fields.find("user-agent");
    if (!agent) return false;
    if (settings.disabled_for_msie6 && http::is_msie6(*agent)) return true;
    return std::any_of(settings.disabled.begin(), settings.disabled.end(),
                       [&](const auto& regex) { return regex->match(*agent, exchange.arena) != nullptr; });
}

constexpr config::Contexts places = config::context::http | config::context::server | config::context::location;

constexpr config::Directive directives[] = {
    {.name = "gzip_vary",
     .contexts = places,
     .takes = config::arity::flag,
     .fallback = "off",
     .apply = config::store_flag<&Settings::vary>,
     .doc = "Whether answers that depend on the codings a client takes say so: `Vary: Accept-Encoding`."},
    {.name = "gzip_proxied",
     .contexts = places,
     .takes = config::arity::one_or_more,
     .syntax = "off | any | expired | no-cache | no-store | private | no_last_modified | no_etag | auth ...",
     .fallback = "off",
     .apply = apply_proxied,
     .doc = "Whether requests that came through a proxy (they have a `Via` field) are answered in a coding: never, always, or if their "
            "answer is one that the proxy will not keep for others.",
     .repeatable = true},
    {.name = "gzip_http_version",
     .contexts = places,
     .syntax = "1.0 | 1.1",
     .fallback = "1.1",
     .apply = apply_version,
     .doc = "The version that a request needs at least to be answered in a coding."},
    {.name = "gzip_disable",
     .contexts = places,
     .takes = config::arity::one_or_more,
     .syntax = "regex ... | msie6",
     .apply = apply_disable,
     .doc =
         "Clients that get no coding: by a regex, ignoring case, on `User-Agent`. `msie6` is Internet Explorer up to 6, without its second "
         "service pack.",
     .repeatable = true},
};

}  // namespace

bool wants_coding(Exchange& exchange, std::string_view coding) {
    const auto& settings = exchange.settings<Settings>();
    if (!http::accepts_coding(exchange.request.fields, coding) || exchange.request.version < settings.version) return false;
    if (exchange.request.fields.find("via") && !may_pass_proxy(exchange, settings.proxied)) return false;
    return !is_disabled_for(exchange, settings);
}

bool tells_vary(const Exchange& exchange) { return exchange.settings<Settings>().vary; }

void tell_vary(Exchange& exchange) {
    http::FieldSection& fields = exchange.response.fields;
    if (tells_vary(exchange) && !fields.find("vary")) fields.add("Vary", "Accept-Encoding");
}

constexpr Module content_coding_module{.name = "content_coding", .directives = directives, .variables = {}, .handlers = {}, .filters = {}};

}  // namespace webserv::server
