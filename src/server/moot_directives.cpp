// server/moot_directives.cpp: nginx's directives about things that do not exist here: sizes of its hash tables and memory pools,
// locks, its way of building packets. A configuration that has them is served; a notice in the log says that they change nothing.
#include <fmt/format.h>

#include "config/values.hpp"
#include "server/core_modules.hpp"
#include "server/site_builder.hpp"

namespace webserv::server {
namespace {

using config::Checked;
using config::Scope;
using config::Statement;
namespace arity = config::arity;
namespace context = config::context;

void note(Scope& scope, const Statement& statement, std::string_view why) {
    builder(scope).note(fmt::format("\"{}\" changes nothing: {}", statement.name.text, why), statement.name.place);
}

Checked<> about_tables(Scope& scope, const Statement& statement) {
    note(scope, statement, "tables have the size that they need");
    return {};
}

Checked<> about_memory(Scope& scope, const Statement& statement) {
    note(scope, statement, "memory is taken as it is needed");
    return {};
}

Checked<> about_accepting(Scope& scope, const Statement& statement) {
    note(scope, statement, "the kernel wakes one worker for a connection, and it takes all that wait");
    return {};
}

Checked<> about_events(Scope& scope, const Statement& statement) {
    note(scope, statement, "the event loop looks after itself");
    return {};
}

Checked<> about_old_browsers(Scope& scope, const Statement& statement) {
    note(scope, statement, "no browser that needed it is left");
    return {};
}

Checked<> about_regexes(Scope& scope, const Statement& statement) {
    note(scope, statement, "regexes are always compiled to machine code where the library can");
    return {};
}

Checked<> about_processes(Scope& scope, const Statement& statement) {
    note(scope, statement, "processes share nothing that would need it");
    return {};
}

Checked<> about_request_content(Scope& scope, const Statement& statement) {
    note(scope, statement, "request content that is kept in memory is in one piece anyway");
    return {};
}

Checked<> about_devices(Scope& scope, const Statement& statement) {
    note(scope, statement, "there is nothing of the kind here");
    return {};
}

// A module that is part of nginx, but a file of its own: what it does is here, or its directives are refused by name.
Checked<> about_modules(Scope& scope, const Statement& statement) {
    note(scope, statement, "modules are not loaded; a directive that is missing here is refused by name");
    return {};
}

constexpr config::Contexts in_http = context::http;
constexpr config::Contexts before_location = context::http | context::server;
constexpr config::Contexts everywhere = context::http | context::server | context::location;

constexpr config::Directive table_size(std::string_view name, config::Contexts contexts) {
    return {.name = name,
            .contexts = contexts,
            .syntax = "size",
            .apply = about_tables,
            .doc = "Accepted, and changes nothing: tables have the size that they need."};
}

constexpr config::Directive directives[] = {
    table_size("variables_hash_max_size", in_http),
    table_size("variables_hash_bucket_size", in_http),
    table_size("server_names_hash_max_size", in_http),
    table_size("server_names_hash_bucket_size", in_http),
    table_size("map_hash_max_size", in_http),
    table_size("map_hash_bucket_size", in_http),
    table_size("proxy_headers_hash_max_size", everywhere),
    table_size("proxy_headers_hash_bucket_size", everywhere),
    table_size("referer_hash_max_size", context::server | context::location),
    table_size("referer_hash_bucket_size", context::server | context::location),
    table_size("types_hash_max_size", everywhere),
    table_size("types_hash_bucket_size", everywhere),
    {.name = "connection_pool_size",
     .contexts = before_location,
     .syntax = "size",
     .apply = about_memory,
     .doc = "Accepted, and changes nothing: memory is taken as it is needed."},
    {.name = "request_pool_size",
     .contexts = before_location,
     .syntax = "size",
     .apply = about_memory,
     .doc = "Accepted, and changes nothing: memory is taken as it is needed."},
    {.name = "msie_padding",
     .contexts = everywhere,
     .takes = arity::flag,
     .apply = about_old_browsers,
     .doc = "Accepted, and changes nothing: error pages are not padded for old browsers."},
    {.name = "msie_refresh",
     .contexts = everywhere,
     .takes = arity::flag,
     .apply = about_old_browsers,
     .doc = "Accepted, and changes nothing: redirects are redirects for every browser."},
    {.name = "client_body_in_single_buffer",
     .contexts = everywhere,
     .takes = arity::flag,
     .apply = about_request_content,
     .doc = "Accepted, and changes nothing: request content that is kept in memory is in one piece anyway."},
    {.name = "multi_accept",
     .contexts = context::events,
     .takes = arity::flag,
     .apply = about_accepting,
     .doc = "Accepted, and changes nothing: a worker that is woken takes all connections that wait."},
    {.name = "accept_mutex",
     .contexts = context::events,
     .takes = arity::flag,
     .apply = about_accepting,
     .doc = "Accepted, and changes nothing: the kernel wakes one worker for a connection."},
    {.name = "accept_mutex_delay",
     .contexts = context::events,
     .syntax = "time",
     .apply = about_accepting,
     .doc = "Accepted, and changes nothing: the kernel wakes one worker for a connection."},
    {.name = "epoll_events",
     .contexts = context::events,
     .syntax = "number",
     .apply = about_events,
     .doc = "Accepted, and changes nothing."},
    {.name = "worker_aio_requests",
     .contexts = context::events,
     .syntax = "number",
     .apply = about_events,
     .doc = "Accepted, and changes nothing."},
    {.name = "timer_resolution",
     .contexts = context::main,
     .syntax = "interval",
     .apply = about_events,
     .doc = "Accepted, and changes nothing: the time is asked for once a turn of the event loop."},
    {.name = "pcre_jit",
     .contexts = context::main,
     .takes = arity::flag,
     .apply = about_regexes,
     .doc = "Accepted, and changes nothing: regexes are always compiled to machine code where the library can."},
    {.name = "lock_file",
     .contexts = context::main,
     .syntax = "file",
     .apply = about_processes,
     .doc = "Accepted, and changes nothing: there are no locks in files."},
    {.name = "debug_points",
     .contexts = context::main,
     .syntax = "abort | stop",
     .apply = about_processes,
     .doc = "Accepted, and changes nothing: there are no such points."},
    {.name = "ssl_engine",
     .contexts = context::main,
     .syntax = "device",
     .apply = about_devices,
     .doc = "Accepted, and changes nothing: the library has no engines any more, it has providers."},
    {.name = "google_perftools_profiles",
     .contexts = context::main,
     .syntax = "file",
     .apply = about_devices,
     .doc = "Accepted, and changes nothing: there is no such profiler here. Use perf(1)."},
    {.name = "load_module",
     .contexts = context::main,
     .syntax = "file",
     .apply = about_modules,
     .doc = "Accepted, and changes nothing: modules are not loaded. A directive that is missing here is refused by name.",
     .repeatable = true},
};

}  // namespace

constexpr Module moot_module{.name = "moot", .directives = directives, .variables = {}, .handlers = {}, .filters = {}};

}  // namespace webserv::server
