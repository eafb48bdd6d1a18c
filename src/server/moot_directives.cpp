// server/moot_directives.cpp: nginx's directives about things that do not exist here: sizes of its hash tables and memory pools,
// locks, its way of building packets. A configuration that has them is served; a notice in the log says that they change nothing.
#include <cstdint>
#include <limits>
#include <string_view>

#include "config/store.hpp"
#include "server/core_modules.hpp"
#include "server/site_builder.hpp"

namespace webserv::server {
namespace {

using config::Checked;
using config::Scope;
using config::Statement;
namespace arity = config::arity;
namespace context = config::context;

constexpr char about_tables[] = "tables have the size that they need";
constexpr char about_memory[] = "memory is taken as it is needed";
constexpr char about_accepting[] = "the kernel wakes one worker for a connection, and it takes a few of those that wait";
constexpr char about_events[] = "the event loop looks after itself";
constexpr char about_sending[] = "a head waits for the first content, and each piece leaves at once";
constexpr char about_reading_ahead[] = "the kernel reads ahead by itself";
constexpr char about_send_marks[] = "Linux has no such mark that could be set";
constexpr char about_open_files[] = "files that are asked for are kept open in any case, and none is older than on the disk";
constexpr char about_proxying[] = "there are no temporary files of proxied responses";
constexpr char about_old_browsers[] = "no browser that needed it is left";
constexpr char about_regexes[] = "regexes are always compiled to machine code where the library can";
constexpr char about_processes[] = "processes share nothing that would need it";
constexpr char about_request_content[] = "request content that is kept in memory is in one piece anyway";
constexpr char about_subrequests[] = "no directive here makes subrequests";
constexpr char about_push[] = "responses that nobody has asked for are not sent, and browsers would not take them";
constexpr char about_requests[] = "\"keepalive_requests\" says it for all versions of HTTP";
constexpr char about_heads[] = "\"large_client_header_buffers\" says it for all versions of HTTP";
constexpr char about_receiving[] = "\"client_header_timeout\" says it for all versions of HTTP";
constexpr char about_idling[] = "\"keepalive_timeout\" says it for all versions of HTTP";
constexpr char about_devices[] = "there is nothing of the kind here";
constexpr char about_early_hints[] = "early hints come from proxied servers, and there is none in this configuration";
constexpr char about_certificates[] = "a reload reads certificates anew, and connections notice nothing of those that are as they were";
constexpr char about_quic[] = "QUIC is not spoken, so there are no packets to be led to their worker";
// A module that is part of nginx, but a file of its own: what it does is here, or its directives are refused by name.
constexpr char about_modules[] = "modules are not loaded; a directive that is missing here is refused by name";

Checked<std::int64_t> number_of(const Statement& statement) {
    return config::number_of(statement, 0, std::numeric_limits<std::int64_t>::max());
}
Checked<std::string_view> text_of(const Statement& statement) { return std::string_view{statement.words.front().text}; }

Checked<std::size_t> debug_point_of(const Statement& statement) {
    static constexpr std::string_view words[] = {"stop", "abort"};
    return config::choice_of(statement, words);
}

/// What nginx would not take as a value is no good here either.
template <auto Read, const auto& Why>
Checked<> changes_nothing(Scope& scope, const Statement& statement) {
    if (const auto value = Read(statement); !value) return std::unexpected{value.error()};
    note_no_effect(scope, statement, Why);
    return {};
}

Checked<> apply_early_hints(Scope& scope, const Statement& statement) {
    for (const config::Word& word : statement.words) {
        if (const auto value = builder(scope).compile_early(word); !value) return std::unexpected{value.error()};
    }
    note_no_effect(scope, statement, about_early_hints);
    return {};
}

constexpr config::Contexts in_http = context::http;
constexpr config::Contexts before_location = context::http | context::server;
constexpr config::Contexts everywhere = context::http | context::server | context::location;

constexpr config::Directive table_size(std::string_view name, config::Contexts contexts) {
    return {.name = name,
            .contexts = contexts,
            .syntax = "number",
            .apply = changes_nothing<number_of, about_tables>,
            .doc = "Accepted, and changes nothing: tables have the size that they need."};
}

// Of old versions, or about pushing.
template <auto Read, const auto& Why>
constexpr config::Directive of_http2(std::string_view name, std::string_view syntax, config::Contexts contexts = before_location) {
    return {.name = name,
            .contexts = contexts,
            .syntax = syntax,
            .apply = changes_nothing<Read, Why>,
            .doc = "Accepted, and changes nothing: pushing is gone, and what holds for other versions of HTTP holds for HTTP/2.",
            .repeatable = name != "http2_pool_size" && name != "http2_streams_index_size"};
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
     .apply = changes_nothing<config::size_of, about_memory>,
     .doc = "Accepted, and changes nothing: memory is taken as it is needed."},
    {.name = "request_pool_size",
     .contexts = before_location,
     .syntax = "size",
     .apply = changes_nothing<config::size_of, about_memory>,
     .doc = "Accepted, and changes nothing: memory is taken as it is needed."},
    {.name = "postpone_output",
     .contexts = everywhere,
     .syntax = "size",
     .apply = changes_nothing<config::size_of, about_sending>,
     .doc = "Accepted, and changes nothing: a head waits for the first content, and each piece leaves at once."},
    {.name = "read_ahead",
     .contexts = everywhere,
     .syntax = "size",
     .apply = changes_nothing<config::size_of, about_reading_ahead>,
     .doc = "Accepted, and changes nothing: the kernel reads ahead by itself. In nginx it has no effect on Linux either."},
    {.name = "send_lowat",
     .contexts = everywhere,
     .syntax = "size",
     .apply = changes_nothing<config::size_of, about_send_marks>,
     .doc = "Accepted, and changes nothing: Linux has no such mark that could be set. In nginx it has no effect either."},
    {.name = "aio_write",
     .contexts = everywhere,
     .takes = arity::flag,
     .apply = changes_nothing<config::flag_of, about_proxying>,
     .doc = "Accepted, and changes nothing: it is about temporary files of proxied responses, and there are none."},
    {.name = "open_file_cache_valid",
     .contexts = everywhere,
     .syntax = "time",
     .apply = changes_nothing<config::seconds_of, about_open_files>,
     .doc = "Accepted, and changes nothing: see `open_file_cache`."},
    {.name = "open_file_cache_min_uses",
     .contexts = everywhere,
     .syntax = "number",
     .apply = changes_nothing<number_of, about_open_files>,
     .doc = "Accepted, and changes nothing: see `open_file_cache`."},
    {.name = "open_file_cache_errors",
     .contexts = everywhere,
     .takes = arity::flag,
     .apply = changes_nothing<config::flag_of, about_open_files>,
     .doc = "Accepted, and changes nothing: see `open_file_cache`."},
    {.name = "open_file_cache_events",
     .contexts = everywhere,
     .takes = arity::flag,
     .apply = changes_nothing<config::flag_of, about_open_files>,
     .doc = "Accepted, and changes nothing: see `open_file_cache`."},
    {.name = "msie_padding",
     .contexts = everywhere,
     .takes = arity::flag,
     .apply = changes_nothing<config::flag_of, about_old_browsers>,
     .doc = "Accepted, and changes nothing: error pages are not padded for old browsers."},
    {.name = "msie_refresh",
     .contexts = everywhere,
     .takes = arity::flag,
     .apply = changes_nothing<config::flag_of, about_old_browsers>,
     .doc = "Accepted, and changes nothing: redirects are redirects for every browser."},
    {.name = "client_body_in_single_buffer",
     .contexts = everywhere,
     .takes = arity::flag,
     .apply = changes_nothing<config::flag_of, about_request_content>,
     .doc = "Accepted, and changes nothing: request content that is kept in memory is in one piece anyway."},
    {.name = "log_subrequest",
     .contexts = everywhere,
     .takes = arity::flag,
     .apply = changes_nothing<config::flag_of, about_subrequests>,
     .doc = "Accepted, and changes nothing: no directive here makes subrequests, so there are none to be logged."},
    {.name = "subrequest_output_buffer_size",
     .contexts = everywhere,
     .syntax = "size",
     .apply = changes_nothing<config::size_of, about_subrequests>,
     .doc = "Accepted, and changes nothing: no directive here makes subrequests."},
    {.name = "early_hints",
     .contexts = everywhere,
     .takes = arity::one_or_more,
     .syntax = "value ...",
     .apply = apply_early_hints,
     .doc = "Accepted, and changes nothing: it decides whether the early hints (103) of a proxied server are passed on, and there is none.",
     .repeatable = true},
    {.name = "multi_accept",
     .contexts = context::events,
     .takes = arity::flag,
     .apply = changes_nothing<config::flag_of, about_accepting>,
     .doc = "Accepted, and changes nothing: a worker that is woken takes a few of the connections that wait, and comes back for more."},
    {.name = "accept_mutex",
     .contexts = context::events,
     .takes = arity::flag,
     .apply = changes_nothing<config::flag_of, about_accepting>,
     .doc = "Accepted, and changes nothing: the kernel wakes one worker for a connection."},
    {.name = "accept_mutex_delay",
     .contexts = context::events,
     .syntax = "time",
     .apply = changes_nothing<config::milliseconds_of, about_accepting>,
     .doc = "Accepted, and changes nothing: the kernel wakes one worker for a connection."},
    {.name = "epoll_events",
     .contexts = context::events,
     .syntax = "number",
     .apply = changes_nothing<number_of, about_events>,
     .doc = "Accepted, and changes nothing."},
    {.name = "worker_aio_requests",
     .contexts = context::events,
     .syntax = "number",
     .apply = changes_nothing<number_of, about_events>,
     .doc = "Accepted, and changes nothing."},
    {.name = "timer_resolution",
     .contexts = context::main,
     .syntax = "interval",
     .apply = changes_nothing<config::milliseconds_of, about_events>,
     .doc = "Accepted, and changes nothing: the time is asked for once a turn of the event loop."},
    {.name = "pcre_jit",
     .contexts = context::main,
     .takes = arity::flag,
     .apply = changes_nothing<config::flag_of, about_regexes>,
     .doc = "Accepted, and changes nothing: regexes are always compiled to machine code where the library can."},
    {.name = "lock_file",
     .contexts = context::main,
     .syntax = "file",
     .apply = changes_nothing<text_of, about_processes>,
     .doc = "Accepted, and changes nothing: there are no locks in files."},
    {.name = "debug_points",
     .contexts = context::main,
     .syntax = "abort | stop",
     .apply = changes_nothing<debug_point_of, about_processes>,
     .doc = "Accepted, and changes nothing: there are no such points."},
    of_http2<text_of, about_push>("http2_push", "uri | off", everywhere),
    of_http2<config::flag_of, about_push>("http2_push_preload", "on | off", everywhere),
    of_http2<number_of, about_push>("http2_max_concurrent_pushes", "number"),
    of_http2<number_of, about_requests>("http2_max_requests", "number"),
    of_http2<config::size_of, about_heads>("http2_max_field_size", "size"),
    of_http2<config::size_of, about_heads>("http2_max_header_size", "size"),
    of_http2<config::milliseconds_of, about_receiving>("http2_recv_timeout", "time"),
    of_http2<config::milliseconds_of, about_idling>("http2_idle_timeout", "time"),
    of_http2<config::size_of, about_memory>("http2_pool_size", "size"),
    of_http2<number_of, about_tables>("http2_streams_index_size", "number"),
    {.name = "ssl_engine",
     .contexts = context::main,
     .syntax = "device",
     .apply = changes_nothing<text_of, about_devices>,
     .doc = "Accepted, and changes nothing: the library has no engines any more, it has providers."},
    {.name = "ssl_object_cache_inheritable",
     .contexts = context::main,
     .takes = arity::flag,
     .apply = changes_nothing<config::flag_of, about_certificates>,
     .doc = "Accepted, and changes nothing: a reload reads certificates anew, and connections notice nothing of those that are as they "
            "were."},
    {.name = "quic_bpf",
     .contexts = context::main,
     .takes = arity::flag,
     .apply = changes_nothing<config::flag_of, about_quic>,
     .doc = "Accepted, and changes nothing: QUIC is not spoken, so there are no packets to be led to their worker."},
    {.name = "google_perftools_profiles",
     .contexts = context::main,
     .syntax = "file",
     .apply = changes_nothing<text_of, about_devices>,
     .doc = "Accepted, and changes nothing: there is no such profiler here. Use perf(1)."},
    {.name = "load_module",
     .contexts = context::main,
     .syntax = "file",
     .apply = changes_nothing<text_of, about_modules>,
     .doc = "Accepted, and changes nothing: modules are not loaded. A directive that is missing here is refused by name.",
     .repeatable = true},
};

}  // namespace

constexpr Module moot_module{.name = "moot", .directives = directives, .variables = {}, .handlers = {}, .filters = {}};

}  // namespace webserv::server
