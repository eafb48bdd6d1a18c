// modules/access_log.cpp: access_log, log_format, open_log_file_cache: one line an exchange, gathered in the worker and written by
// its loop; to a syslog server, or to a file of the request's own, it goes at once.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "config/values.hpp"
#include "modules/access_log_files.hpp"
#include "modules/access_log_format.hpp"
#include "modules/registry.hpp"
#include "server/exchange.hpp"
#include "server/log_place.hpp"
#include "server/site_builder.hpp"
#include "server/worker.hpp"
#include "sys/file.hpp"

namespace webserv::modules {
namespace {

using config::Checked;
using config::complain;
using config::Word;
using observe::Level;
using server::Exchange;
using server::Outcome;
using server::Phase;
namespace context = config::context;

/// One access_log.
struct Target {
    std::size_t log = 0;                       ///< index among the site's access logs; not if there is a path
    std::optional<config::Expression> path{};  ///< with variables: another file for each value
    std::shared_ptr<const LogFormat> format{};
    std::optional<config::Expression> condition{};  ///< if=
};

struct Settings {
    config::ScopedList<Target> targets;
    bool off = false;                                                              // wins over logs of the same level
    std::map<std::string, std::shared_ptr<const LogFormat>, std::less<>> formats;  // of log_format, at http level
    std::shared_ptr<AccessLogFiles> files = std::make_shared<AccessLogFiles>(AccessLogFiles::Options{});
};

Checked<> apply_log_format(config::Scope& scope, const config::Statement& statement) {
    auto& settings = scope.settings.own<Settings>();
    const Word& name = statement.words.front();
    if (settings.formats.contains(name.text) || name.text == "combined") {
        return complain(fmt::format("duplicate \"log_format\" name \"{}\"", name.text), name.place);
    }
    auto format = parse_log_format(scope, statement);
    if (!format) return std::unexpected{format.error()};
    settings.formats.emplace(name.text, std::move(*format));
    return {};
}

/// What may follow the format's name.
struct Parameters {
    server::AccessLogOptions options{};
    std::optional<config::Expression> condition{};
};

constexpr std::uint64_t gzip_buffer_bytes = 64U << 10;    // unless buffer= says another
constexpr std::uint64_t buffer_bytes_max = 1024U << 20U;  // lines that gather are lost in a crash

Checked<> apply_gzip(const Word& word, server::AccessLogOptions& options) {
    const std::string_view text = word.text;
    if (options.buffer_bytes == 0) options.buffer_bytes = gzip_buffer_bytes;
    options.gzip_level = 1;
    if (text == "gzip") return {};
    const auto level = config::parse_number(text.substr(5));
    if (!level || *level < 1 || *level > 9) {
        return complain(fmt::format("invalid compression level \"{}\"", text.substr(5)), word.place, "the levels are 1 to 9");
    }
    options.gzip_level = static_cast<int>(*level);
    return {};
}

Checked<> apply_parameter(config::Scope& scope, const Word& word, Parameters& parameters) {
    const std::string_view text = word.text;
    if (text.starts_with("buffer=")) {
        const auto size = config::parse_size(text.substr(7));
        if (!size || *size == 0 || *size > buffer_bytes_max) {
            return complain(fmt::format("invalid buffer size \"{}\"", text.substr(7)), word.place);
        }
        parameters.options.buffer_bytes = *size;
        return {};
    }
    if (text.starts_with("flush=")) {
        const auto time = config::parse_time(text.substr(6));
        if (!time || time->count() == 0) return complain(fmt::format("invalid flush time \"{}\"", text.substr(6)), word.place);
        parameters.options.flush = *time;
        return {};
    }
    if (text.starts_with("if=")) {
        auto condition = server::builder(scope).compile(Word{.text = word.text.substr(3), .place = word.place}, scope);
        if (!condition) return std::unexpected{condition.error()};
        parameters.condition = std::move(*condition);
        return {};
    }
    if (text == "gzip" || text.starts_with("gzip=")) return apply_gzip(word, parameters.options);
    return complain(fmt::format("invalid parameter \"{}\"", text), word.place);
}

Checked<std::shared_ptr<const LogFormat>> find_format(config::Scope& scope, const config::Statement& statement) {
    const Word& word = statement.words.size() > 1 ? statement.words[1] : statement.words.front();
    if (statement.words.size() < 2 || word.text == "combined") {
        return make_log_format(scope, Word{.text = std::string{combined_format}, .place = word.place}, LogEscape::standard);
    }
    const auto& formats = scope.settings.own<Settings>().formats;
    if (const auto found = formats.find(word.text); found != formats.end()) return found->second;
    std::vector<std::string_view> names{"combined"};
    for (const auto& [name, format] : formats) names.push_back(name);
    const auto near = text::nearest(word.text, names);
    return complain(fmt::format("unknown log format \"{}\"", word.text), word.place,
                    near.empty() ? "" : fmt::format("did you mean \"{}\"?", near));
}

// All that write to one file gather in one buffer, as in nginx: so they cannot want different ones.
Checked<> share_options(config::Scope& scope, std::size_t log, const server::AccessLogOptions& options, const Word& path) {
    if (options.buffer_bytes == 0) return {};
    auto& shared = server::builder(scope).site().access_logs[log].options;
    if (shared.buffer_bytes != 0 && shared != options) {
        return complain(fmt::format("access_log \"{}\" already defined with conflicting parameters", path.text), path.place);
    }
    shared = options;
    return {};
}

Checked<> find_place(config::Scope& scope, const Word& path, const server::AccessLogOptions& options, Target& target) {
    server::SiteBuilder& builder = server::builder(scope);
    const bool is_syslog = path.text.starts_with("syslog:");
    if (options.flush.count() > 0 && options.buffer_bytes == 0) {
        return complain(fmt::format("no buffer is defined for access_log \"{}\"", path.text), path.place);
    }
    if (options.buffer_bytes > 0 && is_syslog) return complain("logs to syslog cannot be buffered", path.place);
    if (!is_syslog && path.text.find('$') != path.text.npos) {
        if (options.buffer_bytes > 0) return complain("buffered logs cannot have variables in name", path.place);
        auto compiled = builder.compile(Word{.text = builder.absolute(path.text), .place = path.place}, scope);
        if (!compiled) return std::unexpected{compiled.error()};
        target.path = std::move(*compiled);
        return {};
    }
    auto place = server::parse_log_place(builder, path);
    if (!place) return std::unexpected{place.error()};
    target.log = builder.access_log_index(*place);
    return share_options(scope, target.log, options, path);
}

Checked<> apply_access_log(config::Scope& scope, const config::Statement& statement) {
    auto& settings = scope.settings.own<Settings>();
    const Word& path = statement.words.front();
    if (path.text == "off") {
        if (statement.words.size() > 1)
            return complain(fmt::format("invalid parameter \"{}\"", statement.words[1].text), statement.words[1].place);
        settings.targets.begin_own();
        settings.off = true;
        return {};
    }
    Target target;
    auto format = find_format(scope, statement);
    if (!format) return std::unexpected{format.error()};
    target.format = std::move(*format);
    Parameters parameters;
    for (std::size_t i = 2; i < statement.words.size(); ++i) {
        if (auto applied = apply_parameter(scope, statement.words[i], parameters); !applied) return applied;
    }
    target.condition = std::move(parameters.condition);
    if (auto found = find_place(scope, path, parameters.options, target); !found) return found;
    if (!settings.targets.is_own()) settings.off = false;  // an outer level's
    settings.targets.add(std::move(target));
    return {};
}

Checked<> apply_cache_parameter(const Word& word, AccessLogFiles::Options& options) {
    const std::string_view text = word.text;
    const auto refuse = [&] { return complain(fmt::format("invalid \"open_log_file_cache\" parameter \"{}\"", text), word.place); };
    const auto equals = text.find('=');
    if (equals == text.npos) return refuse();
    const std::string_view name = text.substr(0, equals);
    const std::string_view value = text.substr(equals + 1);
    if (name == "inactive" || name == "valid") {
        const auto time = config::parse_seconds(value);
        if (!time) return refuse();
        (name == "valid" ? options.valid : options.inactive) = *time;
        return {};
    }
    const auto number = config::parse_number(value);
    if (!number || (name != "max" && name != "min_uses")) return refuse();
    (name == "max" ? options.max : options.min_uses) = static_cast<std::uint64_t>(*number);
    return {};
}

Checked<> apply_open_log_file_cache(config::Scope& scope, const config::Statement& statement) {
    AccessLogFiles::Options options;
    bool off = false;  // wins over other parameters, as in nginx
    for (const Word& word : statement.words) {
        off = off || word.text == "off";
        if (word.text == "off") continue;
        if (auto applied = apply_cache_parameter(word, options); !applied) return applied;
    }
    if (!off && options.max == 0) return complain("\"open_log_file_cache\" must have \"max\" parameter", statement.name.place);
    scope.settings.own<Settings>().files = std::make_shared<AccessLogFiles>(options);
    return {};
}

// A client that can choose the file's name shall not fill the disk with logs of sites that are not there: so nginx asks for the root.
bool has_root(Exchange& exchange) {
    if (exchange.core().alias_cut == server::CoreSettings::whole_name) return true;
    const std::string root{exchange.evaluate(exchange.core().root)};
    const auto status = sys::status_of(root.c_str());
    if (status && status->is_directory()) return true;
    const int number = status ? ENOTDIR : static_cast<int>(status.error().code);
    exchange.log(Level::error, fmt::format("testing \"{}\" existence failed {} while logging request", root, describe_errno(number)));
    return false;
}

void write_to_own_file(Exchange& exchange, const Target& target, std::string_view line) {
    if (!has_root(exchange)) return;
    const std::string_view path = exchange.evaluate(*target.path);
    auto& files = *exchange.settings<Settings>().files;
    const auto written = files.append(path, line, exchange.worker.loop.now(), exchange.worker.log_reopenings());
    if (written) return;
    exchange.worker.metrics.add(observe::Counter::log_lines_dropped);
    const Error& error = written.error();
    exchange.log(Level::crit, fmt::format("{}() \"{}\" failed {} while logging request", error.doing, path,
                                          describe_errno(static_cast<int>(error.code))));
}

void write_line(Exchange& exchange, const Target& target) {
    if (target.condition) {
        const std::string_view condition = exchange.evaluate(*target.condition);
        if (condition.empty() || condition == "0") return;
    }
    const std::string_view line = render_log_line(exchange, *target.format);
    if (target.path) return write_to_own_file(exchange, target, line);
    exchange.site->access_log_writers[target.log]->append(line, exchange.worker.loop.now());
}

Outcome log(Exchange& exchange) {
    for (const Target& target : exchange.settings<Settings>().targets) write_line(exchange, target);
    return Outcome::declined();
}

// Without any access_log nginx writes this one.
Checked<> seed_default(config::Scope& main) {
    auto format = make_log_format(main, Word{.text = std::string{combined_format}, .place = {}}, LogEscape::standard);
    if (!format) return std::unexpected{format.error()};
    server::SiteBuilder& builder = server::builder(main);
    const std::size_t log = builder.access_log_index({.path = builder.absolute("logs/access.log")});
    main.settings.own<Settings>().targets.add({.log = log, .format = std::move(*format)});
    return {};
}

bool wanted(const config::SettingsTable& settings) {
    const auto& logs = settings.get<Settings>();
    return !logs.off && !logs.targets.empty();
}

// Only logs that some location writes to are opened.
void use_logs(server::SiteBuilder& builder, const config::SettingsTable& settings) {
    if (!wanted(settings)) return;
    for (const Target& target : settings.get<Settings>().targets) {
        if (!target.path) builder.use_access_log(target.log);
    }
}

constexpr config::Directive directives[] = {
    {.name = "access_log",
     .contexts = context::http | context::server | context::location | context::limit_except | context::if_in_location,
     .takes = config::arity::one_or_more,
     .syntax = "off | path | syslog:server=address[,parameter=value ...] [format [buffer=size [gzip[=level]] [flush=time]] [if=condition]]",
     .fallback = "logs/access.log combined",
     .apply = apply_access_log,
     .doc =
         "Writes a line for each request, in the location where it ended. Several logs may be given; a level that has any inherits none. "
         "Relative to the prefix. `if=`: only if the condition is neither empty nor `0`.\n\n"
         "Lines gather for one turn of the event loop, or with `buffer=` until the buffer is full or `flush=` has passed. With `gzip` what "
         "has gathered (64k without `buffer=`) is written as a gzip member of its own, by level 1 to 9 (1): `zcat` and `zless` read the "
         "file while it grows. All `access_log` of one file share these.\n\n"
         "A path with variables is opened for each line, by the worker's user, and only where the `root` of the request exists; see "
         "`open_log_file_cache`.\n\n"
         "`syslog:` sends each line as a datagram (RFC 3164) to `server=`, an address with or without port (514), or `unix:` and a path; "
         "`facility=` (`local7`), `severity=` (`info`), `tag=` (`nginx`) and `nohostname` may follow after commas. A server that is away "
         "costs the lines, and nothing else.",
     .repeatable = true},
    {.name = "log_format",
     .contexts = context::http,
     .takes = config::arity::two_or_more,
     .syntax = "name [escape=default|json|none] string ...",
     .fallback = "combined \"...\"",
     .apply = apply_log_format,
     .doc = "A format for `access_log`. The strings are joined; a variable without a value is `-`. By default `\"`, `\\` and octets below "
            "32 or above "
            "126 are written as `\\xXX`; `escape=json` writes them as JSON strings do, `escape=none` as they are.",
     .repeatable = true},
    {.name = "open_log_file_cache",
     .contexts = context::http | context::server | context::location,
     .takes = config::arity::between(1, 4),
     .syntax = "off | max=number [inactive=time] [min_uses=number] [valid=time]",
     .fallback = "off",
     .apply = apply_open_log_file_cache,
     .doc = "Access logs whose path holds variables stay open, at most `max` of them in a worker: the one used longest ago is closed for "
            "another, one that is not used for `inactive` (10s) is closed, one that was used less than `min_uses` (1) times does not stay "
            "open. After `valid` (60s) the name is looked at again. When logs are reopened (USR1) none is trusted any more."},
};

constexpr server::Handler handlers[] = {{.phase = Phase::log, .plain = log, .waiting = nullptr, .wanted = wanted}};

}  // namespace

constexpr server::Module access_log_module{.name = "log",
                                           .directives = directives,
                                           .variables = {},
                                           .handlers = handlers,
                                           .filters = {},
                                           .begin = seed_default,
                                           .finish = use_logs};

}  // namespace webserv::modules
