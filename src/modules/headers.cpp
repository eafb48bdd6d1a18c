// modules/headers.cpp: add_header: fields that the configuration adds to responses.
// All or nothing from level to level, as nginx does it.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "http/date.hpp"
#include "http/fields.hpp"
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

struct AddedField {
    std::string name;
    config::Expression value{};
    bool always = false;
};

struct Settings {
    config::ScopedList<AddedField> fields;
};

Checked<> apply_add_header(config::Scope& scope, const config::Statement& statement) {
    const config::Word& name = statement.words[0];
    if (!http::is_token(name.text)) return complain(fmt::format("invalid header name \"{}\"", name.text), name.place);
    AddedField field{.name = name.text};
    if (statement.words.size() == 3) {
        const config::Word& word = statement.words[2];
        if (word.text != "always")
            return complain(fmt::format("invalid parameter \"{}\"", word.text), word.place, "the one parameter is \"always\"");
        field.always = true;
    }
    auto value = server::builder(scope).compile(statement.words[1], scope);
    if (!value) return std::unexpected{value.error()};
    field.value = std::move(*value);
    scope.settings.own<Settings>().fields.add(std::move(field));
    return {};
}

bool is_usual(int status) {
    constexpr int usual[] = {200, 201, 204, 206, 301, 302, 303, 304, 307, 308};
    return std::find(std::begin(usual), std::end(usual), status) != std::end(usual);
}

// nginx keeps these two as fields of its own: adding replaces, and an empty value removes.
bool replaces_validator(Exchange& exchange, const AddedField& field, std::string_view value) {
    if (text::equal_ignoring_case(field.name, "last-modified")) {
        exchange.response.last_modified = http::parse_date(value);
        if (!exchange.response.last_modified && !value.empty()) exchange.response.fields.add(field.name, value);
        return true;
    }
    if (text::equal_ignoring_case(field.name, "etag")) {
        exchange.response.etag = value;
        return true;
    }
    return false;
}

Outcome add_fields(Exchange& exchange) {
    const bool usual = is_usual(exchange.response.status);
    for (const AddedField& field : exchange.settings<Settings>().fields) {
        if (!usual && !field.always) continue;
        const std::string_view value = server::without_line_ends(exchange.evaluate(field.value), exchange.arena);
        if (replaces_validator(exchange, field, value)) continue;
        if (!value.empty()) exchange.response.fields.add(field.name, value);
    }
    return Outcome::declined();
}

bool wanted(const config::SettingsTable& settings) { return !settings.get<Settings>().fields.empty(); }

constexpr config::Directive directives[] = {
    {.name = "add_header",
     .contexts = context::http | context::server | context::location,
     .takes = config::arity::between(2, 3),
     .syntax = "name value [always]",
     .apply = apply_add_header,
     .doc = "Adds a field to responses with status 200, 201, 204, 206, 301, 302, 303, 304, 307 and 308; with `always` to all. The value "
            "may hold "
            "variables; an empty one adds nothing. A level that has an add_header of its own inherits none.",
     .repeatable = true},
};

constexpr server::Filter filters[] = {{.apply = add_fields, .wanted = wanted}};

}  // namespace

constexpr server::Module headers_module{.name = "headers", .directives = directives, .variables = {}, .handlers = {}, .filters = filters};

}  // namespace webserv::modules
