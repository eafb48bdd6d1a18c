// server/core_variables.cpp: the variables of the core, with nginx's names and values.
// Measured against nginx: which have no value (a dash in logs) and which are empty.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <memory_resource>
#include <vector>

#include "base/text.hpp"
#include "base/version.hpp"
#include "http/credentials.hpp"
#include "http/date.hpp"
#include "http/status.hpp"
#include "server/answers.hpp"
#include "server/core_modules.hpp"
#include "server/exchange.hpp"
#include "server/worker.hpp"
#include "sys/file.hpp"

namespace webserv::server {
namespace {

using Value = std::optional<std::string_view>;

Value number(Exchange& exchange, std::uint64_t value) {
    constexpr std::size_t digits_max = 20;  // of 2^64 - 1
    char* const memory = exchange.arena.take(digits_max);
    return std::string_view{memory, static_cast<std::size_t>(std::to_chars(memory, memory + digits_max, value).ptr - memory)};
}

// "12.345"
Value seconds_text(Exchange& exchange, milliseconds time) {
    return exchange.arena.copy(fmt::format("{}.{:03}", time.count() / 1000, time.count() % 1000));
}

milliseconds since(Exchange& exchange, io::TimePoint start) {
    return std::chrono::duration_cast<milliseconds>(exchange.worker.loop.now() - start);
}

// '_' in a variable's name stands for '-', or for itself where fields may have it.
bool is_named(std::string_view field, std::string_view variable) {
    return std::equal(field.begin(), field.end(), variable.begin(), variable.end(), [](char in_field, char in_variable) {
        return text::to_lower(in_field) == text::to_lower(in_variable) || (in_field == '-' && in_variable == '_');
    });
}

// All lines of a name, joined as nginx does: all at once, for each of them may be one of a thousand.
Value joined_field(Exchange& exchange, const http::FieldSection& fields, std::string_view variable) {
    const auto next = [&](auto from) {
        return std::find_if(from, fields.end(), [&](const http::FieldLine& line) { return is_named(line.name, variable); });
    };
    auto line = next(fields.begin());
    if (line == fields.end()) return std::nullopt;
    const std::string_view first = line->value;
    line = next(line + 1);
    if (line == fields.end()) return first;
    std::pmr::vector<std::string_view> values{{first}, &exchange.arena};
    for (; line != fields.end(); line = next(line + 1)) values.push_back(line->value);
    return exchange.arena.join(values, variable == "cookie" ? "; " : ", ");
}

// The list of those that the request was forwarded for, and the client at its end: true of every request, forwarded or not.
Value forwarded_for(Exchange& exchange, std::string_view) {
    const std::string host = exchange.client().host();
    const Value list = joined_field(exchange, exchange.request.fields, "x-forwarded-for");  // no underscores: nginx
    return list ? exchange.arena.join({*list, ", ", host}) : exchange.arena.copy(host);
}

// nginx: once content without an announced length has been read, its length is known.
Value content_length(Exchange& exchange, std::string_view) {
    if (const auto announced = exchange.request.fields.find("content-length")) return announced;
    return exchange.content_was_read ? number(exchange, exchange.request_content.size) : Value{};
}

Value field(Exchange& exchange, std::string_view name) { return exchange.request.fields.find(name); }

Value sent_field(Exchange& exchange, std::string_view name) {
    const http::Response& response = exchange.response;
    if (name == "content_type") return response.content_type.empty() ? Value{} : response.content_type;
    if (name == "content_length") return response.content_length ? number(exchange, *response.content_length) : Value{};
    if (name == "location") return response.location.empty() ? Value{} : response.location;
    if (name == "etag") return response.etag.empty() ? Value{} : response.etag;
    if (name == "server") return response.server.empty() ? Value{} : response.server;
    if (name == "connection") return exchange.persistent ? "keep-alive" : "close";
    if (name == "last_modified") {
        if (!response.last_modified) return std::nullopt;
        char* const into = exchange.arena.take(http::date_bytes);
        http::format_date(*response.last_modified, into);
        return std::string_view{into, http::date_bytes};
    }
    return joined_field(exchange, response.fields, name);
}

// The first "name=value" of a list, ignoring the name's case.
Value named_part(std::string_view list, char separator, std::string_view name) {
    while (!list.empty()) {
        const auto end = list.find(separator);
        std::string_view part = list.substr(0, end);
        if (separator == ';') part = text::trim(part);
        const auto equals = part.find('=');
        if (equals != part.npos && text::equal_ignoring_case(part.substr(0, equals), name)) return part.substr(equals + 1);
        if (end == list.npos) break;
        list.remove_prefix(end + 1);
    }
    return std::nullopt;
}

Value cookie(Exchange& exchange, std::string_view name) {
    for (const http::FieldLine& line : exchange.request.fields) {
        if (!text::equal_ignoring_case(line.name, "cookie")) continue;
        if (const Value value = named_part(line.value, ';', name)) return value;
    }
    return std::nullopt;
}

Value protocol(Exchange& exchange) {
    const http::Version version = exchange.request.version;
    if (exchange.request.line.empty()) return "HTTP/1.0";
    return exchange.arena.copy(fmt::format("HTTP/{}.{}", version.major, version.minor));
}

// The user of "Authorization: Basic ...", unchecked: what nginx logs as $remote_user.
Value remote_user(Exchange& exchange) {
    const auto credentials = http::parse_basic_credentials(exchange.request.fields.find("authorization").value_or(""));
    if (!credentials) return std::nullopt;
    return exchange.arena.copy(credentials->user);
}

Value status_text(Exchange& exchange) {
    const int status = exchange.forced_status != 0 ? exchange.forced_status : exchange.response.status;
    const auto digits = http::status_digits(status);
    return exchange.arena.copy({digits.data(), digits.size()});
}

Value request_id(Exchange& exchange) {
    // Worker, connection and request are unique on this machine for as long as the process lives; the clock tells restarts apart.
    const auto now = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
    const std::uint64_t here = (static_cast<std::uint64_t>(::getpid()) << 40) ^ (exchange.connection.number << 16) ^ exchange.number;
    return exchange.arena.copy(fmt::format("{:016x}{:016x}", now, here));
}

Value realpath_root(Exchange& exchange, std::string_view) {
    const auto real = sys::real_path(std::string{exchange.evaluate(exchange.core().root)});
    if (real) return exchange.arena.copy(*real);
    exchange.log(observe::Level::crit, fmt::format("realpath() \"{}\" failed {}", exchange.evaluate(exchange.core().root),
                                                   describe_errno(static_cast<int>(real.error().code))));
    return std::nullopt;
}

constexpr Variable variables[] = {
    {.name = "arg_",
     .get = [](Exchange& e, std::string_view rest) { return named_part(e.args, '&', rest); },
     .cacheable = false,
     .prefix = true},
    {.name = "args",
     .get = [](Exchange& e, std::string_view) -> Value { return e.has_args ? Value{e.args} : Value{}; },
     .cacheable = false},
    {.name = "proxy_add_x_forwarded_for", .get = forwarded_for, .cacheable = false},
    {.name = "query_string",
     .get = [](Exchange& e, std::string_view) -> Value { return e.has_args ? Value{e.args} : Value{}; },
     .cacheable = false},
    {.name = "is_args", .get = [](Exchange& e, std::string_view) -> Value { return e.args.empty() ? "" : "?"; }, .cacheable = false},
    {.name = "body_bytes_sent", .get = [](Exchange& e, std::string_view) { return number(e, e.content_bytes_sent); }, .cacheable = false},
    {.name = "bytes_sent", .get = [](Exchange& e, std::string_view) { return number(e, e.bytes_sent); }, .cacheable = false},
    {.name = "connection", .get = [](Exchange& e, std::string_view) { return number(e, e.connection.number); }},
    {.name = "connection_requests", .get = [](Exchange& e, std::string_view) { return number(e, e.number); }},
    {.name = "connection_time",
     .get = [](Exchange& e, std::string_view) { return seconds_text(e, since(e, e.connection.since)); },
     .cacheable = false},
    {.name = "content_length", .get = content_length, .cacheable = false},
    {.name = "content_type", .get = [](Exchange& e, std::string_view) { return field(e, "content-type"); }},
    {.name = "cookie_", .get = cookie, .prefix = true},
    {.name = "document_root", .get = [](Exchange& e, std::string_view) -> Value { return e.evaluate(e.core().root); }, .cacheable = false},
    {.name = "document_uri", .get = [](Exchange& e, std::string_view) -> Value { return e.path; }, .cacheable = false},
    {.name = "uri", .get = [](Exchange& e, std::string_view) -> Value { return e.path; }, .cacheable = false},
    {.name = "gzip_ratio", .get = [](Exchange&, std::string_view) -> Value { return std::nullopt; }},  // nothing is compressed on its way
    {.name = "host", .get = [](Exchange& e, std::string_view) -> Value { return e.host_name; }},
    {.name = "hostname",
     .get = [](Exchange& e, std::string_view) -> Value {
         char name[256] = {};
         if (::gethostname(name, sizeof name - 1) < 0) return std::nullopt;
         return e.arena.copy(name);
     }},
    {.name = "http3", .get = [](Exchange&, std::string_view) -> Value { return ""; }},  // "h3" over QUIC, which is not spoken
    {.name = "http_", .get = [](Exchange& e, std::string_view rest) { return joined_field(e, e.request.fields, rest); }, .prefix = true},
    {.name = "https", .get = [](Exchange& e, std::string_view) -> Value { return e.connection.is_secure() ? "on" : ""; }},
    {.name = "msec",
     .get =
         [](Exchange& e, std::string_view) {
             return seconds_text(e, std::chrono::duration_cast<milliseconds>(e.worker.loop.wall_now().time_since_epoch()));
         },
     .cacheable = false},
    {.name = "nginx_version", .get = [](Exchange&, std::string_view) -> Value { return nginx_version; }},
    {.name = "pid", .get = [](Exchange& e, std::string_view) { return number(e, static_cast<std::uint64_t>(::getpid())); }},
    {.name = "pipe",
     .get = [](Exchange& e, std::string_view) -> Value { return e.transport.is_pipelined() ? "p" : "."; },
     .cacheable = false},
    {.name = "realpath_root", .get = realpath_root, .cacheable = false},
    {.name = "remote_addr", .get = [](Exchange& e, std::string_view) -> Value { return e.arena.copy(e.client().host()); }},
    {.name = "remote_port",
     .get = [](Exchange& e, std::string_view) -> Value { return e.client().port() == 0 ? Value{""} : number(e, e.client().port()); }},
    {.name = "remote_user", .get = [](Exchange& e, std::string_view) { return remote_user(e); }},
    {.name = "request", .get = [](Exchange& e, std::string_view) -> Value { return e.request.line; }},
    {.name = "request_body",
     .get = [](Exchange& e, std::string_view) -> Value {
         return e.content_was_read && e.request_content.file_path.empty() ? Value{e.request_content.bytes} : Value{};
     },
     .cacheable = false,
     .needs_content = true},
    {.name = "request_body_file",
     .get = [](Exchange& e, std::string_view) -> Value {
         return e.request_content.file_path.empty() ? Value{} : Value{e.request_content.file_path};
     },
     .cacheable = false,
     .needs_content = true},
    {.name = "request_completion",
     .get = [](Exchange& e, std::string_view) -> Value { return e.complete ? "OK" : ""; },
     .cacheable = false},
    {.name = "request_filename", .get = [](Exchange& e, std::string_view) { return file_path(e, {}); }, .cacheable = false},
    {.name = "request_id", .get = [](Exchange& e, std::string_view) { return request_id(e); }},
    {.name = "request_length",
     .get = [](Exchange& e, std::string_view) { return number(e, e.transport.request_bytes()); },
     .cacheable = false},
    {.name = "request_method", .get = [](Exchange& e, std::string_view) -> Value { return e.request.method_name; }, .cacheable = false},
    {.name = "request_time", .get = [](Exchange& e, std::string_view) { return seconds_text(e, since(e, e.began)); }, .cacheable = false},
    {.name = "request_uri",
     .get = [](Exchange& e, std::string_view) -> Value { return e.request.target.empty() ? Value{} : e.request.target; }},
    {.name = "scheme", .get = [](Exchange& e, std::string_view) -> Value { return e.connection.is_secure() ? "https" : "http"; }},
    {.name = "sent_http_", .get = sent_field, .cacheable = false, .prefix = true},
    {.name = "sent_trailer_",
     .get = [](Exchange& e, std::string_view rest) { return joined_field(e, e.response.trailers, rest); },
     .cacheable = false,
     .prefix = true},
    {.name = "server_addr",
     .get = [](Exchange& e, std::string_view) -> Value {
         const sys::Address& local = e.connection.local();
         return e.arena.copy(local.is_local() ? local.text() : local.host());
     }},
    {.name = "server_name", .get = [](Exchange& e, std::string_view) -> Value { return e.host->first_name(); }},
    {.name = "server_port",
     .get = [](Exchange& e, std::string_view) -> Value {
         return e.connection.local().is_local() ? Value{""} : number(e, e.connection.local().port());
     }},
    {.name = "server_protocol", .get = [](Exchange& e, std::string_view) { return protocol(e); }},
    {.name = "status", .get = [](Exchange& e, std::string_view) { return status_text(e); }, .cacheable = false},
    {.name = "time_iso8601",
     .get = [](Exchange& e, std::string_view) -> Value { return e.arena.copy(e.worker.clock.iso8601(e.worker.loop.wall_now())); },
     .cacheable = false},
    {.name = "time_local",
     .get = [](Exchange& e, std::string_view) -> Value { return e.worker.clock.log_time(e.worker.loop.wall_now()); },
     .cacheable = false},
};

}  // namespace

constexpr Module variables_module{.name = "variables", .directives = {}, .variables = variables, .handlers = {}, .filters = {}};

}  // namespace webserv::server
