// modules/try_files.cpp: answers with the first file or folder of a list that exists; the last word is taken without a test.
// A hit changes the path and stays in its location; the last word is an internal redirect, a named location or a status.
#include <fmt/format.h>

#include <string>

#include "config/values.hpp"
#include "modules/registry.hpp"
#include "server/answers.hpp"
#include "server/find_file.hpp"
#include "server/site_builder.hpp"

namespace webserv::modules {
namespace {

using config::Checked;
using config::complain;
using observe::Level;
using server::CoreSettings;
using server::Exchange;
using server::Outcome;
using server::Phase;
namespace context = config::context;

constexpr int close_without_answer = 444, client_closed = 499;  // nginx's own codes
constexpr int status_max = 999;

struct Candidate {
    config::Expression name{};
    bool is_folder = false;  ///< it was written with a slash at its end
};

struct Settings {
    std::vector<Candidate> candidates{};
    config::Expression fallback{};
    int status = 0;  ///< of "=404"
    config::Place place{};

    void enter_scope() { *this = {}; }  // nginx does not inherit it
};

Checked<> apply_try_files(config::Scope& scope, const config::Statement& statement) {
    auto& settings = scope.settings.own<Settings>();
    settings.place = statement.name.place;
    for (std::size_t i = 0; i < statement.words.size(); ++i) {
        const bool is_last = i + 1 == statement.words.size();
        config::Word word = statement.words[i];
        if (is_last && word.text.starts_with('=')) {
            const auto code = config::parse_number(std::string_view{word.text}.substr(1));
            if (!code || *code < 0 || *code > status_max)
                return complain(fmt::format("invalid code \"{}\"", word.text.substr(1)), word.place, "\"=404\", for example");
            settings.status = static_cast<int>(*code);
            return {};
        }
        const bool is_folder = !is_last && word.text.ends_with('/');
        if (is_folder) word.text.pop_back();
        auto name = server::builder(scope).compile(word, scope);
        if (!name) return std::unexpected{name.error()};
        if (is_last) {
            settings.fallback = std::move(*name);
        } else {
            settings.candidates.push_back({.name = std::move(*name), .is_folder = is_folder});
        }
    }
    return {};
}

/// What `alias` stands for is left out of a name that was made of the path; one that was written stays as it is (nginx).
std::string_view below_root(Exchange& exchange, const config::Expression& expression) {
    const CoreSettings& core = exchange.core();
    std::string_view name = exchange.evaluate(expression);
    if (!core.root_is_alias || core.alias_cut == CoreSettings::whole_name || expression.is_literal()) return name;
    const std::string_view prefix = exchange.path.substr(0, core.alias_cut);
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    return name;
}

bool exists(Exchange& exchange, const Candidate& candidate, std::string_view path) {
    const auto file = server::file_path_of(exchange, path);
    if (!file) return false;
    const auto status = server::find_status(exchange, *file);
    const bool hit = status && status->is_directory() == candidate.is_folder;
    if (exchange.trace != nullptr) {
        const config::Place& place = exchange.settings<Settings>().place;
        exchange.trace->note(
            fmt::format("try_files: {} \"{}\" {}", candidate.is_folder ? "folder" : "file", *file, hit ? "is there" : "is not there"),
            place.file ? place.file->path : "", place.line);
    }
    if (status) return hit;
    switch (status.error().code) {
        case std::errc::no_such_file_or_directory:
        case std::errc::not_a_directory:
        case std::errc::filename_too_long:
            break;
        default:
            exchange.log(Level::crit, fmt::format("stat() \"{}\" failed {}", *file, describe_errno(static_cast<int>(status.error().code))));
    }
    return false;
}

/// Whether this candidate is there; then it is the path from now on.
bool take(Exchange& exchange, const Candidate& candidate) {
    const CoreSettings& core = exchange.core();
    const std::string_view name = below_root(exchange, candidate.name);
    if (core.alias_cut == CoreSettings::whole_name) {
        const bool followed = std::exchange(exchange.path_follows_alias, true);
        const bool hit = exists(exchange, candidate, name);
        if (hit && !candidate.is_folder) {
            exchange.path = name;
        } else {
            exchange.path_follows_alias = followed;
        }
        return hit;
    }
    const std::string_view path = core.root_is_alias ? exchange.arena.join(exchange.path.substr(0, core.alias_cut), name) : name;
    if (!exists(exchange, candidate, path)) return false;
    exchange.path = path;
    return true;
}

Outcome fall_back(Exchange& exchange, const Settings& settings) {
    if (settings.status == close_without_answer || settings.status == client_closed) return Outcome::close(settings.status);
    if (settings.status != 0) return Outcome::status(settings.status);
    const std::string_view target = below_root(exchange, settings.fallback);
    if (target.starts_with('@')) return exchange.jump_to(target);
    const auto question = target.find('?');
    const std::string_view args = question == target.npos ? std::string_view{} : target.substr(question + 1);
    return exchange.redirect_internally(target.substr(0, question), args);
}

Outcome try_files(Exchange& exchange) {
    const auto& settings = exchange.settings<Settings>();
    for (const Candidate& candidate : settings.candidates) {
        if (take(exchange, candidate)) return Outcome::declined();
    }
    return fall_back(exchange, settings);
}

bool wanted(const config::SettingsTable& settings) { return !settings.get<Settings>().candidates.empty(); }

constexpr config::Directive directives[] = {
    {.name = "try_files",
     .contexts = context::server | context::location,
     .takes = config::arity::two_or_more,
     .syntax = "file ... uri | file ... =code",
     .apply = apply_try_files,
     .doc =
         "Looks for each `file` below `root` or `alias`, in order; a name that ends in a slash is looked for as a folder. The first that "
         "exists is the path from now on, in the same location. If there is none, the last word holds without a test: an internal "
         "redirect (with `?args`, if it says so), a named location `@name`, or a status `=404`. Names may hold variables. Not inherited; "
         "in `server` it holds where no location does."},
};

constexpr server::Handler handlers[] = {{.phase = Phase::pre_content, .plain = try_files, .waiting = nullptr, .wanted = wanted}};

}  // namespace

constexpr server::Module try_files_module{
    .name = "try_files", .directives = directives, .variables = {}, .handlers = handlers, .filters = {}};

}  // namespace webserv::modules
