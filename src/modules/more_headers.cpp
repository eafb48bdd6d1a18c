// modules/more_headers.cpp: more_set_headers and more_clear_headers: fields that replace what is there, or take it away.
// The directives, their options and their order are those of the module headers-more: inherited first, then this level's own.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/text.hpp"
#include "config/values.hpp"
#include "http/date.hpp"
#include "modules/registry.hpp"
#include "server/answers.hpp"
#include "server/exchange.hpp"
#include "server/site_builder.hpp"

namespace webserv::modules {
namespace {

using config::Checked;
using config::complain;
using server::Exchange;
using server::Outcome;
namespace context = config::context;

/// What one directive is limited to.
struct Condition {
    std::vector<int> statuses;       ///< -s; none: all
    std::vector<std::string> types;  ///< -t, lower case; none: all
};

struct Change {
    std::string name;            ///< with `is_prefix` what stands before the '*'
    config::Expression value{};  ///< an empty value takes the field away
    bool is_prefix = false;
    bool keeps_others = false;  ///< -a: beside those of the same name
    std::shared_ptr<const Condition> condition{};
};

struct Settings {
    std::shared_ptr<const std::vector<Change>> changes;  ///< of outer levels, then of this one

    void add(std::vector<Change> more) {
        auto all = changes ? std::make_shared<std::vector<Change>>(*changes) : std::make_shared<std::vector<Change>>();
        std::move(more.begin(), more.end(), std::back_inserter(*all));
        changes = std::move(all);
    }
};

// The server says these of itself: with others in their place the client could not tell where the response ends.
constexpr std::array<std::string_view, 5> untouchable{"connection", "date", "keep-alive", "trailer", "transfer-encoding"};

bool is(std::string_view name, std::string_view lower) { return text::equal_ignoring_case(name, lower); }

// Calls for each word of a list that is separated by spaces or commas.
template <class Take>
Checked<> each_of(const config::Word& list, const Take& take) {
    std::string_view rest = list.text;
    while (!rest.empty()) {
        const auto end = std::min(rest.find_first_of(" ,"), rest.size());
        if (end > 0 && !take(rest.substr(0, end))) return complain(fmt::format("invalid value \"{}\"", list.text), list.place);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return {};
}

Checked<> parse_option(char option, const config::Word& list, Condition& condition) {
    if (option == 's') {
        return each_of(list, [&](std::string_view word) {
            const auto status = config::parse_number(word);
            condition.statuses.push_back(static_cast<int>(status.value_or(0)));
            return status && *status >= 100 && *status <= 999;
        });
    }
    return each_of(list, [&](std::string_view word) {
        condition.types.push_back(text::lower(word));
        return true;
    });
}

Checked<Change> parse_change(config::Scope& scope, const config::Word& word, bool clears) {
    const std::string_view whole = word.text;
    const auto colon = whole.find(':');
    Change change{.name = std::string{text::trim(whole.substr(0, colon))}};
    if (clears && change.name.ends_with('*')) {
        change.is_prefix = true;
        change.name.pop_back();
    }
    const bool empty_prefix = change.is_prefix && change.name.empty();
    if (!empty_prefix && !http::is_token(change.name)) return complain(fmt::format("invalid header name \"{}\"", change.name), word.place);
    if (std::any_of(untouchable.begin(), untouchable.end(), [&](std::string_view name) { return is(change.name, name); })) {
        return complain(fmt::format("the field \"{}\" can not be changed", change.name), word.place, "the server says it of itself");
    }
    if (clears || colon == whole.npos) return change;
    config::Word value = word;
    value.text = text::trim(whole.substr(colon + 1));
    auto compiled = server::builder(scope).compile(value, scope);
    if (!compiled) return std::unexpected{compiled.error()};
    if (is(change.name, "content-length") && !value.text.empty()) {
        return complain("the field \"Content-Length\" can only be taken away", word.place, "its value is what is sent");
    }
    change.value = std::move(*compiled);
    return change;
}

Checked<> add_changes(config::Scope& scope, const config::Statement& statement, bool clears) {
    std::vector<Change> changes;
    Condition condition;
    bool keeps_others = false;
    for (std::size_t i = 0; i < statement.words.size(); ++i) {
        const config::Word& word = statement.words[i];
        if (word.text == "-a" && !clears) {
            keeps_others = true;
        } else if (word.text == "-s" || word.text == "-t") {
            if (i + 1 == statement.words.size()) return complain(fmt::format("option {} takes an argument", word.text), word.place);
            if (auto parsed = parse_option(word.text[1], statement.words[++i], condition); !parsed) return parsed;
        } else if (word.text.starts_with('-')) {
            return complain(fmt::format("invalid option name: \"{}\"", word.text), word.place, "the options are -s, -t and -a");
        } else {
            auto change = parse_change(scope, word, clears);
            if (!change) return std::unexpected{change.error()};
            changes.push_back(std::move(*change));
        }
    }
    if (changes.empty()) return complain(fmt::format("\"{}\" names no field", statement.name.text), statement.name.place);
    const auto shared = std::make_shared<const Condition>(std::move(condition));
    for (Change& change : changes) {
        change.condition = shared;
        change.keeps_others = keeps_others;
    }
    scope.settings.own<Settings>().add(std::move(changes));
    return {};
}

Checked<> apply_set(config::Scope& scope, const config::Statement& statement) { return add_changes(scope, statement, false); }
Checked<> apply_clear(config::Scope& scope, const config::Statement& statement) { return add_changes(scope, statement, true); }

bool holds(const Condition& condition, const http::Response& response) {
    const auto& statuses = condition.statuses;
    if (!statuses.empty() && std::find(statuses.begin(), statuses.end(), response.status) == statuses.end()) return false;
    const std::string_view type = text::trim(response.content_type.substr(0, response.content_type.find(';')));
    const auto is_type = [&](std::string_view wanted) { return text::equal_ignoring_case(type, wanted); };
    return condition.types.empty() || std::any_of(condition.types.begin(), condition.types.end(), is_type);
}

// The fields that have members of their own. @return whether it was one of them
bool change_member(http::Response& response, std::string_view name, std::string_view value) {
    if (is(name, "server")) {
        response.server = value;
    } else if (is(name, "content-type")) {
        response.content_type = value;
    } else if (is(name, "location")) {
        response.location = {};
        response.fields.remove(name);
        if (!value.empty()) response.fields.add("Location", value);
    } else if (is(name, "etag")) {
        response.etag = value;
    } else if (is(name, "content-length")) {
        response.content_length.reset();
    } else if (is(name, "accept-ranges")) {
        response.accept_ranges = false;
        return false;
    } else if (is(name, "last-modified")) {
        response.last_modified = http::parse_date(value);
        return response.last_modified.has_value();
    } else {
        return false;
    }
    return true;
}

void clear_prefix(http::Response& response, std::string_view prefix) {
    const auto begins = [&](std::string_view name) { return name.size() >= prefix.size() && is(name.substr(0, prefix.size()), prefix); };
    response.fields.remove_if([&](const http::FieldLine& line) { return begins(line.name); });
    for (const std::string_view name : {"Server", "Content-Type", "Location", "ETag", "Content-Length", "Accept-Ranges", "Last-Modified"}) {
        if (begins(name)) (void)change_member(response, name, {});
    }
}

Outcome change_fields(Exchange& exchange) {
    http::Response& response = exchange.response;
    for (const Change& change : *exchange.settings<Settings>().changes) {
        if (!holds(*change.condition, response)) continue;
        if (change.is_prefix) {
            clear_prefix(response, change.name);
            continue;
        }
        const std::string_view value = server::without_line_ends(exchange.evaluate(change.value), exchange.arena);
        if (!change.keeps_others) {
            if (change_member(response, change.name, value)) continue;
            response.fields.remove(change.name);
        }
        if (!value.empty()) response.fields.add(change.name, value);
    }
    return Outcome::declined();
}

bool wanted(const config::SettingsTable& settings) { return settings.get<Settings>().changes != nullptr; }

constexpr config::Contexts places = context::http | context::server | context::location | context::if_in_location;

constexpr config::Directive directives[] = {
    {.name = "more_set_headers",
     .contexts = places,
     .takes = config::arity::one_or_more,
     .syntax = "[-s 'status ...'] [-t 'type ...'] [-a] 'name: value' ...",
     .apply = apply_set,
     .doc =
         "Sets fields of all responses, whatever their status, in place of those that have the name already; with `-a` beside them. `-s` "
         "limits it to these statuses, `-t` to these content types. An empty value takes the field away. Values may hold variables. "
         "What an outer level says holds too, before this level's own. Of the module headers-more.",
     .repeatable = true},
    {.name = "more_clear_headers",
     .contexts = places,
     .takes = config::arity::one_or_more,
     .syntax = "[-s 'status ...'] [-t 'type ...'] name ...",
     .apply = apply_clear,
     .doc = "Takes fields away; a name may end in `*`. `-s` and `-t` as for `more_set_headers`. What `add_header` and `expires` add comes "
            "later and stays.",
     .repeatable = true},
};

constexpr server::Filter filters[] = {{.apply = change_fields, .wanted = wanted}};

}  // namespace

constexpr server::Module more_headers_module{
    .name = "more_headers", .directives = directives, .variables = {}, .handlers = {}, .filters = filters};

}  // namespace webserv::modules
