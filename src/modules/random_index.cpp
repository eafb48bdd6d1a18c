// modules/random_index.cpp: a path that ends in "/" is answered by any file of that folder, through an internal redirect.
// Which one is drawn anew each time; a helper thread looks through the folder.
#include <fmt/format.h>

#include <random>
#include <string>

#include "io/offload.hpp"
#include "modules/registry.hpp"
#include "server/answers.hpp"
#include "server/worker.hpp"
#include "sys/directory.hpp"

namespace webserv::modules {
namespace {

using observe::Level;
using server::Exchange;
using server::Outcome;
using server::Phase;
namespace context = config::context;

struct Settings {
    bool enabled = false;
};

/// A name that every file has the same chance to be; "" if there is none. Names that begin with a dot are left out (nginx).
Result<std::string> draw(const std::string& path) {
    auto folder = sys::Directory::open(path.c_str());
    if (!folder) return std::unexpected{folder.error()};
    std::random_device chance;
    std::string chosen;
    for (std::uint64_t count = 0;;) {
        const auto name = folder->next();
        if (!name) return std::unexpected{name.error()};
        if (!*name) return chosen;
        if ((*name)->front() == '.') continue;
        const auto status = folder->status();
        if (!status || !status->is_regular()) continue;
        // The k-th file takes the place of the one before with a chance of 1/k: nothing else need be remembered.
        if (std::uniform_int_distribution<std::uint64_t>{0, count++}(chance) == 0) chosen = **name;
    }
}

Outcome cannot_look(Exchange& exchange, std::string_view folder, const Error& error) {
    const bool missing = error.code == std::errc::no_such_file_or_directory || error.code == std::errc::not_a_directory ||
                         error.code == std::errc::filename_too_long;
    const bool forbidden = error.code == std::errc::permission_denied;
    exchange.log(missing || forbidden ? Level::error : Level::crit,
                 fmt::format("{}() \"{}\" failed {}", error.doing, folder, describe_errno(static_cast<int>(error.code))));
    return Outcome::status(missing ? 404 : forbidden ? 403 : 500);
}

Task<Outcome> redirect_to_any(Exchange& exchange) {
    const bool is_asked = exchange.is_safe() || exchange.request.method == http::Method::post;
    if (!exchange.path.ends_with('/') || !is_asked) co_return Outcome::declined();
    const auto path = server::file_path(exchange, {});
    if (!path) co_return Outcome::status(404);
    std::string folder{*path};
    if (folder.size() > 1) folder.pop_back();
    auto work = [&folder] { return draw(folder); };
    auto job = io::offload(exchange.worker.loop, work);
    auto drawn = co_await job;
    if (!drawn) co_return cannot_look(exchange, folder, drawn.error());
    if (drawn->empty()) co_return Outcome::declined();
    co_return exchange.redirect_internally(exchange.arena.join(exchange.path, *drawn), exchange.args);
}

bool wanted(const config::SettingsTable& settings) { return settings.get<Settings>().enabled; }

constexpr config::Directive directives[] = {
    {.name = "random_index",
     .contexts = context::location,
     .takes = config::arity::flag,
     .fallback = "off",
     .apply = config::store_flag<&Settings::enabled>,
     .doc = "Answers for a folder with any of its files, drawn anew for each request, by an internal redirect. Names that begin with a dot "
            "are left out; without a file, `index` is asked."},
};

constexpr server::Handler handlers[] = {{.phase = Phase::content, .plain = nullptr, .waiting = redirect_to_any, .wanted = wanted}};

}  // namespace

constexpr server::Module random_index_module{
    .name = "random_index", .directives = directives, .variables = {}, .handlers = handlers, .filters = {}};

}  // namespace webserv::modules
