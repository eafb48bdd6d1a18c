// server/module.hpp: what a feature is to the core: directives, variables, handlers in phases, filters.
// The core knows these shapes and the order in modules/registry.cpp, never a feature by name.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/task.hpp"
#include "config/directive.hpp"

namespace webserv::server {

class Exchange;
class SiteBuilder;
class Worker;
struct Site;

/// The steps of an exchange, in order. Between server_rewrite and rewrite the location is chosen. post_read runs once, with the
/// server's settings; the others again after an internal redirect. In the access phase `satisfy` weighs what the handlers say.
enum class Phase : unsigned char { post_read, server_rewrite, rewrite, pre_access, access, pre_content, content, log };

/// What a handler decided.
struct Outcome {
    enum class Kind : unsigned char {
        declined,    ///< the next handler may have a look
        granted,     ///< access phase: may come in, as far as this handler is concerned
        respond,     ///< exchange.response (and exchange.content) are the answer
        status,      ///< the answer for this status: an error_page or the built-in page
        redirected,  ///< exchange.redirect_internally() or jump_to() was called: phases begin again
        close,       ///< no answer at all; the code is for the log (444)
    } kind = Kind::declined;
    int code = 0;

    static constexpr Outcome declined() { return {}; }
    static constexpr Outcome granted() { return {Kind::granted, 0}; }
    static constexpr Outcome respond() { return {Kind::respond, 0}; }
    static constexpr Outcome status(int code) { return {Kind::status, code}; }
    static constexpr Outcome redirected() { return {Kind::redirected, 0}; }
    static constexpr Outcome close(int code) { return {Kind::close, code}; }
};

/// A handler is a plain function unless it must wait. `wanted` is asked once, at load: a location whose settings do not
/// want the handler never sees it.
struct Handler {
    Phase phase = Phase::content;
    Outcome (*plain)(Exchange&) = nullptr;
    Task<Outcome> (*waiting)(Exchange&) = nullptr;
    bool (*wanted)(const config::SettingsTable&) = nullptr;
};

/// Changes a response on its way out, in the order of the registry; may wrap exchange.content.
struct Filter {
    Outcome (*apply)(Exchange&) = nullptr;  ///< declined: go on; a status: answer that instead
    bool (*wanted)(const config::SettingsTable&) = nullptr;
};

/// A variable, or with `prefix` a family of them ("http_" gives $http_host ...).
struct Variable {
    std::string_view name;
    /// @param rest  what follows a family's prefix. No value: empty in expressions, "-" in logs.
    std::optional<std::string_view> (*get)(Exchange&, std::string_view rest) = nullptr;
    bool cacheable = true;
    bool prefix = false;
    bool needs_content = false;  ///< the request's content is read before the exchange is answered where this is used
};

/// What a module does in a worker of its own accord, beside answering. Lives from the worker's first site to its end.
class Companion {
public:
    Companion() = default;
    Companion(const Companion&) = delete;
    Companion& operator=(const Companion&) = delete;
    virtual ~Companion() = default;
    virtual void site_has_changed(const Site& site) = 0;  ///< the first one, or another
    virtual void finish() = 0;                            ///< the worker ends: so do this one's tasks, which are in the worker's scope
};
using CompanionMaker = std::unique_ptr<Companion> (*)(Worker& worker);

struct Module {
    std::string_view name;
    std::span<const config::Directive> directives;
    std::span<const Variable> variables;
    std::span<const Handler> handlers;
    std::span<const Filter> filters;
    /// Before the http block is read, on the scope around it: what holds if the configuration says nothing.
    config::Checked<> (*begin)(config::Scope& main) = nullptr;
    /// For each scope that exchanges end in, once it is complete: resources that it will need.
    void (*finish)(SiteBuilder& builder, const config::SettingsTable& settings) = nullptr;
    CompanionMaker accompany = nullptr;
};

}  // namespace webserv::server
