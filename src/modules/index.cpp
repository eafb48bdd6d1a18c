// modules/index.cpp: a path that ends in "/" is answered by the first index file there is, through an internal redirect.
// So the index's own location applies to it, as in nginx.
#include <fmt/format.h>

#include "base/text.hpp"
#include "modules/registry.hpp"
#include "server/answers.hpp"
#include "server/find_file.hpp"
#include "server/site_builder.hpp"
#include "server/worker.hpp"

namespace webserv::modules {
namespace {

using config::Checked;
using observe::Level;
using server::Exchange;
using server::Outcome;
using server::Phase;
namespace context = config::context;

struct Settings {
    config::ScopedList<config::Expression> files;
};

Checked<> apply_index(config::Scope& scope, const config::Statement& statement) {
    auto& files = scope.settings.own<Settings>().files;
    for (std::size_t i = 0; i < statement.words.size(); ++i) {
        const config::Word& word = statement.words[i];
        if (word.text.empty())
            return config::complain(fmt::format("index \"{}\" in \"index\" directive is invalid", word.text), word.place);
        if (word.text.front() == '/' && i + 1 < statement.words.size()) {
            server::builder(scope).warn("only the last index in \"index\" directive should be absolute", word.place);
        }
        auto file = server::builder(scope).compile(word, scope);
        if (!file) return std::unexpected{file.error()};
        files.add(std::move(*file));
    }
    return {};
}

bool means_missing(std::errc code) {
    return code == std::errc::no_such_file_or_directory || code == std::errc::not_a_directory || code == std::errc::filename_too_long;
}

/// Whether the folder itself can be looked into: asked once, when the first index file was not there.
Outcome check_folder(Exchange& exchange, std::string_view folder) {
    const auto found = server::find_file(exchange, folder);
    if (found && found->status.is_directory()) return Outcome::declined();
    if (!found && found.error().code == std::errc::permission_denied) {
        exchange.log(Level::error, fmt::format("\"{}\" is forbidden {}", folder, describe_errno(EACCES)));
        return Outcome::status(403);
    }
    const int number = found ? ENOTDIR : static_cast<int>(found.error().code);
    if (exchange.core().log_not_found) exchange.log(Level::error, fmt::format("\"{}\" is not found {}", folder, describe_errno(number)));
    return Outcome::status(404);
}

Outcome find_index(Exchange& exchange) {
    using http::Method;
    const Method method = exchange.request.method;
    if (!exchange.path.ends_with('/') || (!exchange.is_safe() && method != Method::post)) return Outcome::declined();

    static const std::vector<config::Expression> fallback{config::Expression::literal("index.html")};
    const auto& configured = exchange.settings<Settings>().files;
    bool folder_checked = false;
    for (const config::Expression& expression : configured.empty() ? fallback : configured.entries()) {
        const std::string_view name = exchange.evaluate(expression);
        if (name.starts_with('/')) return exchange.redirect_internally(name, exchange.args);
        const auto folder = server::file_path(exchange, {});
        if (!folder) return Outcome::status(404);
        const auto found = server::find_file(exchange, exchange.arena.join(*folder, name));
        if (found) return exchange.redirect_internally(exchange.arena.join(exchange.path, name), exchange.args);
        if (found.error().code == std::errc::permission_denied) {
            exchange.log(Level::error, fmt::format("\"{}{}\" is forbidden {}", *folder, name, describe_errno(EACCES)));
            return Outcome::status(403);
        }
        if (found.error().code == std::errc::too_many_symbolic_link_levels) return Outcome::status(403);
        if (!means_missing(found.error().code)) return Outcome::status(500);
        if (std::exchange(folder_checked, true)) continue;
        if (const Outcome outcome = check_folder(exchange, *folder); outcome.kind != Outcome::Kind::declined) return outcome;
    }
    return Outcome::declined();
}

constexpr config::Directive directives[] = {
    {.name = "index",
     .contexts = context::http | context::server | context::location,
     .takes = config::arity::one_or_more,
     .syntax = "file ...",
     .fallback = "index.html",
     .apply = apply_index,
     .doc = "The files that answer for a folder: the first that exists, by an internal redirect to it. The last may be an absolute path, "
            "which is "
            "taken without a test.",
     .repeatable = true},
};

constexpr server::Handler handlers[] = {{.phase = Phase::content, .plain = find_index, .waiting = nullptr, .wanted = nullptr}};

}  // namespace

constexpr server::Module index_module{.name = "index", .directives = directives, .variables = {}, .handlers = handlers, .filters = {}};

}  // namespace webserv::modules
