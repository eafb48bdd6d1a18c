// modules/headers.cpp: add_header and add_trailer: fields that the configuration adds to responses, before or behind the content.
// All or nothing from level to level, unless add_header_inherit says otherwise.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

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

enum class Inherit : unsigned char { on, off, merge };

/// The fields of one level, and what it has from the outer one.
class FieldList {
public:
    void add(AddedField field) {
        own_.push_back(std::move(field));
        combine();
    }
    void set_inherit(Inherit inherit) {
        inherit_ = inherit;
        combine();
    }
    void enter_scope() {
        outer_ = std::exchange(in_force_, nullptr);
        own_.clear();
        combine();
    }
    [[nodiscard]] bool empty() const noexcept { return !in_force_ || in_force_->empty(); }
    [[nodiscard]] const std::vector<AddedField>& fields() const noexcept { return *in_force_; }

private:
    using Shared = std::shared_ptr<const std::vector<AddedField>>;
    void combine() {
        const bool takes_outer = outer_ && (inherit_ == Inherit::merge || (inherit_ == Inherit::on && own_.empty()));
        if (own_.empty()) {
            in_force_ = takes_outer ? outer_ : nullptr;
            return;
        }
        auto all = std::make_shared<std::vector<AddedField>>(own_);
        if (takes_outer) all->insert(all->end(), outer_->begin(), outer_->end());
        in_force_ = std::move(all);
    }

    Shared outer_;
    std::vector<AddedField> own_;
    Inherit inherit_ = Inherit::on;
    Shared in_force_;
};

struct Settings {
    FieldList headers;
    FieldList trailers;

    void enter_scope() {
        headers.enter_scope();
        trailers.enter_scope();
    }
};

Checked<AddedField> parse_field(config::Scope& scope, const config::Statement& statement) {
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
    return field;
}

template <FieldList Settings::* List>
Checked<> apply_add(config::Scope& scope, const config::Statement& statement) {
    auto field = parse_field(scope, statement);
    if (!field) return std::unexpected{field.error()};
    (scope.settings.own<Settings>().*List).add(std::move(*field));
    return {};
}

template <FieldList Settings::* List>
Checked<> apply_inherit(config::Scope& scope, const config::Statement& statement) {
    const config::Word& word = statement.words.front();
    constexpr config::Choice<Inherit> choices[] = {{"on", Inherit::on}, {"off", Inherit::off}, {"merge", Inherit::merge}};
    const auto* const found =
        std::find_if(std::begin(choices), std::end(choices), [&](const auto& choice) { return choice.word == word.text; });
    if (found == std::end(choices)) return complain(fmt::format("invalid value \"{}\"", word.text), word.place, "on, off or merge");
    (scope.settings.own<Settings>().*List).set_inherit(found->value);
    return {};
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

Outcome add_headers(Exchange& exchange) {
    const bool usual = server::takes_added_fields(exchange.response.status);
    const auto& added = exchange.settings<Settings>().headers.fields();
    exchange.response.fields.reserve(exchange.response.fields.size() + added.size());
    for (const AddedField& field : added) {
        if (!usual && !field.always) continue;
        const std::string_view value = server::without_line_ends(exchange.evaluate(field.value), exchange.arena);
        if (replaces_validator(exchange, field, value)) continue;
        if (!value.empty()) exchange.response.fields.add(field.name, value);
    }
    return Outcome::declined();
}

/// Evaluates when the content has been handed on: a value may tell of it.
class AddedTrailers final : public http::TrailerSource {
public:
    AddedTrailers(Exchange& exchange, bool usual) noexcept : exchange_{exchange}, usual_{usual} {}

    const http::FieldSection& trailers() override {
        for (const AddedField& field : exchange_.settings<Settings>().trailers.fields()) {
            if (!usual_ && !field.always) continue;
            const std::string_view value = server::without_line_ends(exchange_.evaluate(field.value), exchange_.arena);
            if (!value.empty()) exchange_.response.trailers.add(field.name, value);
        }
        return exchange_.response.trailers;
    }

private:
    Exchange& exchange_;
    bool usual_;
};

Outcome announce_trailers(Exchange& exchange) {
    const bool usual = server::takes_added_fields(exchange.response.status);
    const auto& fields = exchange.settings<Settings>().trailers.fields();
    if (!usual && std::none_of(fields.begin(), fields.end(), [](const AddedField& field) { return field.always; }))
        return Outcome::declined();
    exchange.response.trailer_source = &exchange.make<AddedTrailers>(exchange, usual);
    return Outcome::declined();
}

constexpr config::Contexts places = context::http | context::server | context::location | context::if_in_location;

constexpr config::Directive directives[] = {
    {.name = "add_header",
     .contexts = places,
     .takes = config::arity::between(2, 3),
     .syntax = "name value [always]",
     .apply = apply_add<&Settings::headers>,
     .doc = "Adds a field to responses with status 200, 201, 204, 206, 301, 302, 303, 304, 307 and 308; with `always` to all. The value "
            "may hold "
            "variables; an empty one adds nothing. A level that has an add_header of its own inherits none, unless `add_header_inherit` "
            "says so.",
     .repeatable = true},
    {.name = "add_header_inherit",
     .contexts = places,
     .syntax = "on | off | merge",
     .fallback = "on",
     .apply = apply_inherit<&Settings::headers>,
     .doc = "Which of the outer level's `add_header` fields hold here: `on`: all, if this level has none of its own; `off`: none; "
            "`merge`: all, behind this level's own."},
    {.name = "add_trailer",
     .contexts = places,
     .takes = config::arity::between(2, 3),
     .syntax = "name value [always]",
     .apply = apply_add<&Settings::trailers>,
     .doc = "Adds a field behind the content, for the same statuses as `add_header`. The content is then sent in chunks, and only HTTP/1.1 "
            "can say it. The value is made when the content has been read.",
     .repeatable = true},
    {.name = "add_trailer_inherit",
     .contexts = places,
     .syntax = "on | off | merge",
     .fallback = "on",
     .apply = apply_inherit<&Settings::trailers>,
     .doc = "As `add_header_inherit`, for `add_trailer`."},
};

bool wants_headers(const config::SettingsTable& settings) { return !settings.get<Settings>().headers.empty(); }
bool wants_trailers(const config::SettingsTable& settings) { return !settings.get<Settings>().trailers.empty(); }

constexpr server::Filter filters[] = {{.apply = add_headers, .wanted = wants_headers},
                                      {.apply = announce_trailers, .wanted = wants_trailers}};

}  // namespace

constexpr server::Module headers_module{.name = "headers", .directives = directives, .variables = {}, .handlers = {}, .filters = filters};

}  // namespace webserv::modules
