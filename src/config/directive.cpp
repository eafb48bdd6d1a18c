// config/directive.cpp: walks the statements of a scope with the tables: looks names up, checks, applies.
// The order of the checks is nginx's, so that of two mistakes the same one is named first.
#include "config/directive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "base/text.hpp"
#include "config/known_directives.hpp"
#include "config/parser.hpp"

namespace webserv::config {
namespace {

struct ContextName {
    Contexts bit;
    std::string_view name;
};
constexpr ContextName context_names[] = {
    {context::main, "main"},
    {context::events, "events"},
    {context::http, "http"},
    {context::server, "server"},
    {context::location, "location"},
    {context::if_in_server, "if in server"},
    {context::if_in_location, "if in location"},
    {context::limit_except, "limit_except"},
    {context::upstream, "upstream"},
    {context::stream, "stream"},
    {context::stream_server, "server in stream"},
};

std::string not_supported(std::string_view name, const KnownDirective& known) {
    switch (known.origin) {
        case KnownDirective::Origin::nginx_plus:
            return fmt::format("\"{}\" is a directive of the commercial nginx Plus and not supported by webserv", name);
        case KnownDirective::Origin::third_party:
            return fmt::format("\"{}\" is a directive of the third-party module {} and not supported by webserv", name, known.module);
        case KnownDirective::Origin::nginx:
            break;
    }
    return fmt::format("directive \"{}\" is known to nginx but not supported by webserv yet", name);
}

Checked<> check_shape(const Directive& directive, const Statement& statement) {
    const std::string& name = statement.name.text;
    const Place& place = statement.name.place;
    if (!directive.takes.block && statement.has_block) {
        return complain(fmt::format("directive \"{}\" is not terminated by \";\"", name), place, missing_semicolon_hint(statement));
    }
    if (directive.takes.block && !statement.has_block) {
        return complain(fmt::format("directive \"{}\" has no opening \"{{\"", name), place);
    }
    const std::size_t count = statement.words.size();
    if (count < directive.takes.min || count > directive.takes.max) {
        std::string hint = missing_semicolon_hint(statement);
        if (hint.empty()) hint = fmt::format("the syntax is: {}", syntax_line(directive));
        return complain(fmt::format("invalid number of arguments in \"{}\" directive", name), place, std::move(hint));
    }
    return {};
}

}  // namespace

std::string describe_contexts(Contexts contexts) {
    std::string text;
    for (const ContextName& known : context_names) {
        if ((contexts & known.bit) == 0) continue;
        if (!text.empty()) text += ", ";
        text += known.name;
    }
    return text;
}

Grammar::Grammar(std::span<const DirectiveGroup> groups) : groups_{groups.begin(), groups.end()} {
    for (const DirectiveGroup& group : groups_) {
        for (const Directive& directive : group.directives) {
            by_name_.insert(std::ranges::upper_bound(by_name_, directive.name, {}, &Directive::name), &directive);
        }
    }
}

std::span<const Directive* const> Grammar::named(std::string_view name) const {
    return std::ranges::equal_range(by_name_, name, {}, &Directive::name);
}

Checked<> Grammar::apply(std::span<const Statement> statements, Scope& scope) const {
    std::vector<const Directive*> directives;
    directives.reserve(statements.size());
    for (const Statement& statement : statements) {
        auto directive = check(statement, scope);
        if (!directive) return std::unexpected{std::move(directive.error())};
        directives.push_back(*directive);
    }
    for (const bool late : {false, true}) {
        for (std::size_t i = 0; i < statements.size(); ++i) {
            const Directive& directive = *directives[i];
            if ((directive.takes.block || directive.in_sequence) != late) continue;
            if (auto applied = directive.apply(scope, statements[i]); !applied) return applied;
        }
    }
    return {};
}

// Which directive the statement is, if it may stand here in this shape.
Checked<const Directive*> Grammar::check(const Statement& statement, Scope& scope) const {
    const auto candidates = named(statement.name.text);
    if (candidates.empty()) return unknown(statement, scope.where);
    const auto fitting = std::ranges::find_if(candidates, [&](const Directive* d) { return (d->contexts & scope.where) != 0; });
    if (fitting == candidates.end()) {
        Contexts allowed = 0;
        for (const Directive* const candidate : candidates) allowed |= candidate->contexts;
        return complain(fmt::format("\"{}\" directive is not allowed here", statement.name.text), statement.name.place,
                        fmt::format("it is allowed in: {}", describe_contexts(allowed)));
    }
    const Directive& directive = **fitting;
    assert(directive.apply != nullptr);
    if (auto shape = check_shape(directive, statement); !shape) return std::unexpected{std::move(shape.error())};
    if (directive.repeatable) return &directive;
    if (std::ranges::find(scope.seen, directive.name) != scope.seen.end()) {
        return complain(fmt::format("\"{}\" directive is duplicate", directive.name), statement.name.place);
    }
    scope.seen.push_back(directive.name);
    return &directive;
}

std::unexpected<Complaint> Grammar::unknown(const Statement& statement, Contexts where) const {
    const std::string& name = statement.name.text;
    const Place& place = statement.name.place;
    if (const auto known = find_known_directive(name)) return complain(not_supported(name, *known), place);

    std::vector<std::string_view> here;
    std::vector<std::string_view> anywhere;
    for (const Directive* const directive : by_name_) {
        if ((directive->contexts & where) != 0) here.push_back(directive->name);
        anywhere.push_back(directive->name);
    }
    here.emplace_back("include");
    std::string suggestion;
    if (const auto near = text::nearest(name, here); !near.empty()) {
        suggestion = fmt::format("did you mean \"{}\"?", near);
    } else if (const auto far = text::nearest(name, anywhere); !far.empty()) {
        suggestion = fmt::format("did you mean \"{}\"? It is allowed in: {}", far, describe_contexts(named(far).front()->contexts));
    }
    return complain(fmt::format("unknown directive \"{}\"", name), place, std::move(suggestion));
}

}  // namespace webserv::config
