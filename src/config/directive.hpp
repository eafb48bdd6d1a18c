// config/directive.hpp: the table entry that is the only truth about a directive: it checks context and arity, applies the
// value, and writes the manual. The engine that walks statements with it knows no directive by name.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
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
    std::string_view name;
    Contexts contexts = 0;
    Arity takes = arity::one;
    std::string_view fallback = "";  ///< the default as one would write it; "" if there is none
    /// Puts the value into scope.settings.own<T>(), or complains. For a block directive: handles its block.
    Checked<> (*apply)(Scope& scope, const Statement& statement) = nullptr;
    std::string_view doc = "";       ///< what it does: the manual's text, in Markdown
    bool repeatable = false;         ///< may stand several times in one scope; else: `"x" directive is duplicate`
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

    /// Applies all statements of a scope: the simple ones first, then the blocks, each in the order written.
    /// Errors: DIRECTIVES A1.9's texts; `directive "x" is known to nginx but not supported by webserv yet`.
    [[nodiscard]] Checked<> apply(std::span<const Statement> statements, Scope& scope) const;
    [[nodiscard]] std::span<const DirectiveGroup> groups() const noexcept { return groups_; }

private:
    std::vector<DirectiveGroup> groups_;
};

/// One scope while it is read. The server derives its own scopes from this.
class Scope {
public:
    Scope(Contexts where, SettingsTable& settings_of_scope, const Grammar& grammar_of_all, void* site_builder)
        : where{where}, settings{settings_of_scope}, grammar{grammar_of_all}, builder{site_builder} {}

    Contexts where;              ///< exactly one bit
    SettingsTable& settings;
    const Grammar& grammar;
    void* builder;               ///< what the server's directives build into (server::SiteBuilder)
    std::vector<std::string_view> seen;  ///< names of directives already applied here, to find duplicates
};

/// `apply` for the common shapes: store_flag<&Settings::member>, store_size, store_time, store_text, ...
template <auto Member>
Checked<> store_flag(Scope& scope, const Statement& statement);

/// The manual: one Markdown page a module, from the tables. (file name, text)
[[nodiscard]] std::vector<std::pair<std::string, std::string>> manual_pages(std::span<const DirectiveGroup> groups);

/// Whether nginx (or a module of it) has a directive of this name; generated list in known_directives.cpp.
[[nodiscard]] bool is_known_to_nginx(std::string_view name) noexcept;

}  // namespace webserv::config
