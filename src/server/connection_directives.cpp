// server/connection_directives.cpp: directives about reading requests, their content, keep-alive, and sending.
// Each is a line in a table; most values go straight into a member of the settings.
#include <fmt/format.h>

#include <utility>

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

constexpr config::Contexts everywhere = context::http | context::server | context::location;
constexpr config::Contexts before_location = context::http | context::server;

Checked<> apply_large_buffers(Scope& scope, const Statement& statement) {
    auto& settings = scope.settings.own<ConnectionSettings>();
    const auto count = config::parse_number(statement.words[0].text);
    const auto size = config::parse_size(statement.words[1].text);
    if (!count || *count < 1 || *count > 1024) return complain("invalid value", statement.words[0].place);
    if (!size || *size < 1) return complain("invalid value", statement.words[1].place);
    settings.large_buffer_count = static_cast<std::uint64_t>(*count);
    settings.large_buffer_size = *size;
    return {};
}

Checked<> apply_keepalive_timeout(Scope& scope, const Statement& statement) {
    auto& core = scope.settings.own<CoreSettings>();
    const auto timeout = config::parse_time(statement.words[0].text);
    if (!timeout) return complain("invalid value", statement.words[0].place);
    core.keepalive_timeout = *timeout;
    core.keepalive_header = seconds{0};
    if (statement.words.size() > 1) {
        const auto header = config::parse_seconds(statement.words[1].text);
        if (!header) return complain("invalid value", statement.words[1].place);
        core.keepalive_header = *header;
    }
    return {};
}

Checked<> apply_temp_path(Scope& scope, const Statement& statement) {
    auto& core = scope.settings.own<CoreSettings>();
    core.client_body_temp_path = builder(scope).absolute(statement.words.front().text);
    core.client_body_temp_path_is_own = true;
    core.client_body_temp_levels.clear();
    constexpr unsigned name_digits = 10;
    unsigned digits = 0;
    for (std::size_t i = 1; i < statement.words.size(); ++i) {
        const auto width = config::parse_number(statement.words[i].text);
        if (!width || *width < 1 || *width > name_digits)
            return complain(fmt::format("invalid value \"{}\"", statement.words[i].text), statement.words[i].place);
        digits += static_cast<unsigned>(*width);
        core.client_body_temp_levels.push_back(static_cast<unsigned>(*width));
    }
    if (digits > name_digits) return complain("invalid value", statement.name.place);
    return {};
}

/// Whether a level has named browsers itself: another line of it adds to them.
struct KeepAliveDisabled {
    bool is_own = false;
    void enter_scope() { is_own = false; }
};

Checked<> apply_keepalive_disable(Scope& scope, const Statement& statement) {
    auto& core = scope.settings.own<CoreSettings>();
    if (!std::exchange(scope.settings.own<KeepAliveDisabled>().is_own, true)) {
        core.keepalive_off_for_msie6 = core.keepalive_off_for_safari = false;
    }
    for (const config::Word& word : statement.words) {
        if (word.text == "msie6") {
            core.keepalive_off_for_msie6 = true;
        } else if (word.text == "safari") {
            core.keepalive_off_for_safari = true;
        } else if (word.text != "none") {
            return complain(fmt::format("invalid value \"{}\"", word.text), word.place, "none, msie6 or safari");
        }
    }
    return {};
}

constexpr config::Choice<InFile> in_file_choices[] = {{"off", InFile::large}, {"on", InFile::kept}, {"clean", InFile::removed}};
constexpr config::Choice<Lingering> lingering_choices[] = {{"off", Lingering::off}, {"on", Lingering::on}, {"always", Lingering::always}};

constexpr Directive directives[] = {
    {.name = "client_header_timeout",
     .contexts = before_location,
     .syntax = "time",
     .fallback = "60s",
     .apply = config::store_milliseconds<&ConnectionSettings::client_header_timeout>,
     .doc = "How long a request's whole head may take. After it the connection is closed without an answer and logged as 408."},
    {.name = "client_header_buffer_size",
     .contexts = before_location,
     .syntax = "size",
     .fallback = "1k",
     .apply = config::store_size<&ConnectionSettings::client_header_buffer_size>,
     .doc = "The buffer a request's head is read into at first."},
    {.name = "large_client_header_buffers",
     .contexts = before_location,
     .takes = arity::two,
     .syntax = "number size",
     .fallback = "4 8k",
     .apply = apply_large_buffers,
     .doc = "How many larger buffers a head may take, and their size. A request line must fit one of them (414 if not), and so must a "
            "field line "
            "(400)."},
    {.name = "max_headers",
     .contexts = before_location,
     .syntax = "number",
     .fallback = "1000",
     .apply = config::store_number<&ConnectionSettings::max_headers, 1>,
     .doc = "How many field lines a request may have; one with more is answered with 400."},
    {.name = "ignore_invalid_headers",
     .contexts = before_location,
     .takes = arity::flag,
     .fallback = "on",
     .apply = config::store_flag<&ConnectionSettings::ignore_invalid_headers>,
     .doc =
         "Whether field lines whose name has an underscore are left out, unless `underscores_in_headers` says that they are valid. Names "
         "that are no names at all are answered with 400 in either case."},
    {.name = "underscores_in_headers",
     .contexts = before_location,
     .takes = arity::flag,
     .fallback = "off",
     .apply = config::store_flag<&ConnectionSettings::underscores_in_headers>,
     .doc =
         "Whether a field's name may have an underscore. A program behind us may not be able to tell `A_B` from `A-B`, which is why such "
         "fields are left out by default."},
    {.name = "merge_slashes",
     .contexts = before_location,
     .takes = arity::flag,
     .fallback = "on",
     .apply = config::store_flag<&ConnectionSettings::merge_slashes>,
     .doc = "Whether several slashes in a row count as one when locations and files are looked up."},
    {.name = "client_max_body_size",
     .contexts = everywhere,
     .syntax = "size",
     .fallback = "1m",
     .apply = config::store_offset<&CoreSettings::client_max_body_size>,
     .doc = "The largest request content accepted; more is answered with 413. 0: no limit."},
    {.name = "client_body_buffer_size",
     .contexts = everywhere,
     .syntax = "size",
     .fallback = "16k",
     .apply = config::store_size<&CoreSettings::client_body_buffer_size>,
     .doc = "Request content up to this size is kept in memory where it is needed (`$request_body`); more goes to a file "
            "(`$request_body_file`)."},
    {.name = "client_body_in_file_only",
     .contexts = everywhere,
     .syntax = "on | clean | off",
     .fallback = "off",
     .apply = config::store_choice<&CoreSettings::client_body_in_file_only, in_file_choices>,
     .doc = "Whether request content goes to a file, however small it is, where it is read at all. `clean`: the file is removed when the "
            "request has been answered; `on`: it stays."},
    {.name = "client_body_temp_path",
     .contexts = everywhere,
     .takes = arity::between(1, 4),
     .syntax = "path [level1 [level2 [level3]]]",
     .fallback = "client_body_temp",
     .apply = apply_temp_path,
     .doc = "Where files of request content are kept while the request is answered, with up to three levels of subfolders named by the "
            "last digits "
            "of the file's number. Relative to the prefix."},
    {.name = "client_body_timeout",
     .contexts = everywhere,
     .syntax = "time",
     .fallback = "60s",
     .apply = config::store_milliseconds<&CoreSettings::client_body_timeout>,
     .doc = "How long to wait between two reads of a request's content; after it the answer is 408."},
    {.name = "send_timeout",
     .contexts = everywhere,
     .syntax = "time",
     .fallback = "60s",
     .apply = config::store_milliseconds<&CoreSettings::send_timeout>,
     .doc = "How long to wait between two writes of a response; a client that takes nothing for this long is dropped."},
    {.name = "keepalive_timeout",
     .contexts = everywhere,
     .takes = arity::between(1, 2),
     .syntax = "timeout [header_timeout]",
     .fallback = "75s",
     .apply = apply_keepalive_timeout,
     .doc = "How long an idle connection stays open; 0: it is closed after each response. The second value is told to the client in a "
            "Keep-Alive field."},
    {.name = "keepalive_requests",
     .contexts = everywhere,
     .syntax = "number",
     .fallback = "1000",
     .apply = config::store_number<&CoreSettings::keepalive_requests>,
     .doc = "Requests a connection may make; after the last one it is closed."},
    {.name = "keepalive_time",
     .contexts = everywhere,
     .syntax = "time",
     .fallback = "1h",
     .apply = config::store_milliseconds<&CoreSettings::keepalive_time>,
     .doc = "How long a connection may make requests; the first one after that time is its last."},
    {.name = "keepalive_min_timeout",
     .contexts = everywhere,
     .syntax = "time",
     .fallback = "0",
     .apply = config::store_milliseconds<&CoreSettings::keepalive_min_timeout>,
     .doc =
         "How long an idle connection is left alone, also when the server is ending or needs the room: a request that is on its way then "
         "still gets its answer."},
    {.name = "keepalive_disable",
     .contexts = everywhere,
     .takes = arity::between(1, 2),
     .syntax = "none | msie6 | safari ...",
     .fallback = "msie6",
     .apply = apply_keepalive_disable,
     .doc = "Browsers whose connections are not kept: old Internet Explorers after a POST, Safari on Mac OS X always.",
     .repeatable = true},
    {.name = "chunked_transfer_encoding",
     .contexts = everywhere,
     .takes = arity::flag,
     .fallback = "on",
     .apply = config::store_flag<&CoreSettings::chunked_transfer_encoding>,
     .doc = "Whether content of unknown length is sent to HTTP/1.1 clients in chunks. If not, the end of the connection is its end."},
    {.name = "sendfile",
     .contexts = everywhere,
     .takes = arity::flag,
     .fallback = "off",
     .apply = config::store_flag<&CoreSettings::sendfile>,
     .doc = "Whether large files are sent by sendfile(2), from the page cache. Small ones leave together with the head in either case."},
    {.name = "tcp_nopush",
     .contexts = everywhere,
     .takes = arity::flag,
     .fallback = "off",
     .apply = config::store_flag<&CoreSettings::tcp_nopush>,
     .doc = "Whether files are sent in full segments only (TCP_CORK)."},
    {.name = "tcp_nodelay",
     .contexts = everywhere,
     .takes = arity::flag,
     .fallback = "on",
     .apply = config::store_flag<&CoreSettings::tcp_nodelay>,
     .doc = "Whether small segments leave at once on a connection that is kept alive (TCP_NODELAY)."},
    {.name = "lingering_close",
     .contexts = everywhere,
     .syntax = "on | off | always",
     .fallback = "on",
     .apply = config::store_choice<&CoreSettings::lingering_close, lingering_choices>,
     .doc = "Whether a connection is closed only after what the client still sends has been read, so that it gets the response: `on` where "
            "more is "
            "expected, `always`, or `off`."},
    {.name = "lingering_time",
     .contexts = everywhere,
     .syntax = "time",
     .fallback = "30s",
     .apply = config::store_milliseconds<&CoreSettings::lingering_time>,
     .doc = "How long in all unread content is read and dropped."},
    {.name = "lingering_timeout",
     .contexts = everywhere,
     .syntax = "time",
     .fallback = "5s",
     .apply = config::store_milliseconds<&CoreSettings::lingering_timeout>,
     .doc = "How long to wait for more of it before the connection is closed."},
};

}  // namespace

constexpr Module connection_module{.name = "connection", .directives = directives, .variables = {}, .handlers = {}, .filters = {}};

}  // namespace webserv::server
