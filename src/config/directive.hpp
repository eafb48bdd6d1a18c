// config/directive.hpp: the table entry that is the only truth about a directive: it checks context and arity, applies the
// value, and writes the manual. The engine that walks statements with it knows no directive by name.
// The usual ways to store a value are in config/store.hpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/settings.hpp"
#include "config/syntax.hpp"

namespace webserv::config {

/// Where a directive may stand: a set of bits.
using Contexts = std::uint32_t;
namespace context {
inline constexpr Contexts main = 1, events = 2, http = 4, server = 8, location = 16, if_in_server = 32, if_in_location = 64,
                          limit_except = 128, upstream = 256, stream = 512, stream_server = 1024;
}

/// How many words follow the name, and whether a block does.
struct Arity {
    unsigned min = 1;
    unsigned max = 1;
    bool block = false;
    bool flag = false;  ///< one word, on or off
};
namespace arity {
inline constexpr unsigned unbounded = ~0U;
inline constexpr Arity flag{1, 1, false, true};
inline constexpr Arity none{0, 0, false, false};
inline constexpr Arity one{1, 1, false, false};
inline constexpr Arity one_or_more{1, unbounded, false, false};
inline constexpr Arity two{2, 2, false, false};
inline constexpr Arity two_or_more{2, unbounded, false, false};
inline constexpr Arity block{0, 0, true, false};
[[nodiscard]] constexpr Arity between(unsigned min, unsigned max) { return {min, max, false, false}; }
[[nodiscard]] constexpr Arity block_with(unsigned min, unsigned max) { return {min, max, true, false}; }
}  // namespace arity

class Scope;

struct Directive {
    std::string_view name = {};
    Contexts contexts = 0;
    Arity takes = arity::one;
    std::string_view syntax = "";    ///< the words after the name, for the manual: "path [level ...]"; "": made from `takes`
    std::string_view fallback = "";  ///< the default as one would write it; "" if there is none
    /// Puts the value into scope.settings.own<T>(), or complains. For a block directive: handles its block.
    Checked<> (*apply)(Scope& scope, const Statement& statement) = nullptr;
    std::string_view doc = "";  ///< what it does: the manual's text, in Markdown
    bool repeatable = false;    ///< may stand several times in one scope; else: `"x" directive is duplicate`
    /// Applied together with the blocks, in the order written: for `rewrite`, `set` and `return`, whose order among the
    /// `if` blocks matters.
    bool in_sequence = false;
};

/// The directives of one module, with the module's name for the manual.
struct DirectiveGroup {
    std::string_view module;
    std::span<const Directive> directives;
};

/// Looks directives up and applies them: the engine.
class Grammar {
public:
    explicit Grammar(std::span<const DirectiveGroup> groups);

    /// Applies all statements of a scope: all are checked (name, context, arity, duplicates), then the simple ones applied,
    /// then the blocks and what is `in_sequence`, each in the order written.
    /// Errors: nginx's texts, and `directive "x" is known to nginx but not supported by webserv yet`.
    [[nodiscard]] Checked<> apply(std::span<const Statement> statements, Scope& scope) const;
    [[nodiscard]] std::span<const DirectiveGroup> groups() const noexcept { return groups_; }

private:
    [[nodiscard]] Checked<const Directive*> check(const Statement& statement, Scope& scope) const;
    [[nodiscard]] std::unexpected<Complaint> unknown(const Statement& statement, Contexts where) const;
    [[nodiscard]] std::span<const Directive* const> named(std::string_view name) const;

    std::vector<DirectiveGroup> groups_;
    std::vector<const Directive*> by_name_;  // sorted by name; among equals, in the order of the groups
};

/// One scope while it is read. The server derives its own scopes from this.
class Scope {
public:
    Scope(Contexts context_bit, SettingsTable& settings_of_scope, const Grammar& grammar_of_all, void* site_builder)
        : where{context_bit}, settings{settings_of_scope}, grammar{grammar_of_all}, builder{site_builder} {}

    Contexts where;  ///< exactly one bit
    SettingsTable& settings;
    const Grammar& grammar;
    void* builder;                       ///< what the server's directives build into (server::SiteBuilder)
    std::vector<std::string_view> seen;  ///< names of directives already applied here, to find duplicates
};

/// The manual: one Markdown page a module, from the tables. (file name, text)
[[nodiscard]] std::vector<std::pair<std::string, std::string>> manual_pages(std::span<const DirectiveGroup> groups);

/// Whether nginx (or a module of it) has a directive of this name; generated list in known_directives.cpp.
[[nodiscard]] bool is_known_to_nginx(std::string_view name) noexcept;

/// One directive as the manual shows it: "root path;", "gzip on | off;", "types { ... }".
[[nodiscard]] std::string syntax_line(const Directive& directive);

/// "http, server, location" for a set of bits.
[[nodiscard]] std::string describe_contexts(Contexts contexts);

}  // namespace webserv::config

#include "config/store.hpp"  // so that a module's table needs one include
