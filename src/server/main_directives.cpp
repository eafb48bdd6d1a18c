// server/main_directives.cpp: directives of the main context and of `events`.
// What they say is read by app/launch, which starts the processes.
#include <fmt/format.h>

#include "config/store.hpp"
#include "config/values.hpp"
#include "server/core_modules.hpp"
#include "server/site_builder.hpp"

namespace webserv::server {
namespace {

using config::Checked;
using config::complain;
using config::Directive;
using config::Scope;
using config::Statement;
namespace arity = config::arity;
namespace context = config::context;

Checked<> apply_events(Scope& scope, const Statement& statement) {
    builder(scope).saw_events = true;
    Scope events{context::events, scope.settings, scope.grammar, scope.builder};
    return scope.grammar.apply(statement.block, events);
}

Checked<> apply_user(Scope& scope, const Statement& statement) {
    auto& settings = scope.settings.own<MainSettings>();
    const std::string& name = statement.words.front().text;
    const std::string group = statement.words.size() > 1 ? statement.words[1].text : std::string{};
    const auto identity = builder(scope).loader().user(name, group);
    if (!identity) {
        const bool no_group = identity.error().doing == std::string_view{"getgrnam"};
        return complain(fmt::format("{}(\"{}\") failed", identity.error().doing, no_group ? (group.empty() ? name : group) : name),
                        statement.words.front().place, no_group ? "there is no such group" : "there is no such user");
    }
    settings.user = *identity;
    settings.user_name = name;
    return {};
}

Checked<> apply_worker_processes(Scope& scope, const Statement& statement) {
    const config::Word& word = statement.words.front();
    auto& count = scope.settings.own<MainSettings>().worker_processes;
    if (word.text == "auto") {
        count = 0;
        return {};
    }
    const auto number = config::parse_number(word.text);
    constexpr std::int64_t workers_max = 1024;  // each has its own loop: more of them than processors gains nothing
    if (!number || *number < 1 || *number > workers_max) {
        return complain("\"worker_processes\" directive invalid value", word.place, "a number from 1 to 1024, or auto");
    }
    count = static_cast<unsigned>(*number);
    return {};
}

Checked<> apply_worker_connections(Scope& scope, const Statement& statement) {
    const config::Word& word = statement.words.front();
    const auto number = config::parse_number(word.text);
    if (!number || *number < 1) return complain(fmt::format("invalid number \"{}\"", word.text), word.place);
    scope.settings.own<MainSettings>().worker_connections = static_cast<std::uint64_t>(*number);
    return {};
}

Checked<> apply_pid(Scope& scope, const Statement& statement) {
    scope.settings.own<MainSettings>().pid = builder(scope).absolute(statement.words.front().text);
    return {};
}

Checked<> apply_use(Scope&, const Statement& statement) {
    const config::Word& word = statement.words.front();
    if (word.text == "epoll") return {};
    return complain(fmt::format("invalid event type \"{}\"", word.text), word.place, "webserv has one event method: epoll");
}

constexpr config::Choice<ConcurrencyModel> concurrency_choices[] = {
    {"event", ConcurrencyModel::event}, {"fork", ConcurrencyModel::fork}, {"iterative", ConcurrencyModel::iterative}};

constexpr Directive directives[] = {
    {.name = "daemon",
     .contexts = context::main,
     .takes = arity::flag,
     .fallback = "on",
     .apply = config::store_flag<&MainSettings::daemon>,
     .doc = "Whether to leave the terminal and run in the background."},
    {.name = "master_process",
     .contexts = context::main,
     .takes = arity::flag,
     .fallback = "on",
     .apply = config::store_flag<&MainSettings::master_process>,
     .doc = "Whether worker processes are started. Off: one process does everything; meant for debugging."},
    {.name = "pid",
     .contexts = context::main,
     .syntax = "file",
     .fallback = "logs/webserv.pid",
     .apply = apply_pid,
     .doc = "The file that holds the master's process number. Relative to the prefix."},
    {.name = "user",
     .contexts = context::main,
     .takes = arity::between(1, 2),
     .syntax = "user [group]",
     .fallback = "nobody",
     .apply = apply_user,
     .doc = "Whose rights the workers have. Only root can change them; the group defaults to the user's own."},
    {.name = "worker_processes",
     .contexts = context::main,
     .syntax = "number | auto",
     .fallback = "1",
     .apply = apply_worker_processes,
     .doc = "How many processes serve connections. `auto`: one for each processor. One that dies is replaced."},
    {.name = "events",
     .contexts = context::main,
     .takes = arity::block,
     .apply = apply_events,
     .doc = "How connections are processed. The block must be there, if only empty."},
    {.name = "worker_connections",
     .contexts = context::events,
     .syntax = "number",
     .fallback = "512",
     .apply = apply_worker_connections,
     .doc = "Sockets a worker has open at once, those it listens on included. At the limit the connection that has been idle longest "
            "is closed; new ones wait in the kernel's queue until there is room. With `concurrency fork`: child processes of a worker; at "
            "the limit new connections get a 503."},
    {.name = "concurrency",
     .contexts = context::events,
     .syntax = "event | fork | iterative",
     .fallback = "event",
     .apply = config::store_choice<&MainSettings::concurrency, concurrency_choices>,
     .doc = "How a worker serves its connections. `event`: all at once, upon one event loop. `fork`: each by a child process of its own, "
            "so that whatever happens to one touches no other. `iterative`: one after another, in the order in which they were "
            "accepted; the next client waits in the kernel's queue, and a client that is idle between two requests gives way to it. "
            "Not nginx's."},
    {.name = "use",
     .contexts = context::events,
     .syntax = "epoll",
     .fallback = "epoll",
     .apply = apply_use,
     .doc = "The event method. There is one: epoll(7)."},
};

}  // namespace

constexpr Module main_module{.name = "main", .directives = directives, .variables = {}, .handlers = {}, .filters = {}};

}  // namespace webserv::server
