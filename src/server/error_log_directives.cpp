// server/error_log_directives.cpp: error_log, which may stand at every level, and what else decides about its lines.
// The logs are opened in logs.cpp, the lines are built by observe/log_line.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>

#include "server/core_modules.hpp"
#include "server/log_place.hpp"
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

constexpr std::string_view form_parameter = "format=";

// nginx's kinds of debugging: of what is logged at `debug` here, requests are all there is.
constexpr std::string_view debug_kinds[] = {"debug_core", "debug_alloc", "debug_mutex", "debug_event",
                                            "debug_http", "debug_mail",  "debug_stream"};

/// What was said about the level so far.
enum class Said : unsigned char { nothing, level, kinds };

Checked<> take_level(const config::Word& word, ErrorLogSettings::Target& target, Said& said) {
    const bool is_kind = std::ranges::find(debug_kinds, word.text) != std::end(debug_kinds);
    const auto level = observe::parse_level(word.text);
    if (level && said != Said::nothing) return complain(fmt::format("duplicate log level \"{}\"", word.text), word.place);
    if ((!level && !is_kind) || (is_kind && said == Said::level)) {
        return complain(fmt::format("invalid log level \"{}\"", word.text), word.place,
                        "the levels are debug, info, notice, warn, error, crit, alert and emerg");
    }
    if (level) target.level = *level;
    if (is_kind && said == Said::nothing) target.level = observe::Level::info;
    if (word.text == "debug_http") target.level = observe::Level::debug;
    said = level ? Said::level : Said::kinds;
    return {};
}

Checked<> take_parameter(const config::Word& word, ErrorLogSettings::Target& target, Said& said) {
    if (const std::string_view text = word.text; text.starts_with(form_parameter)) {
        const std::string_view form = text.substr(form_parameter.size());
        if (form != "text" && form != "json") {
            return complain(fmt::format("unknown format \"{}\" of \"error_log\"", form), word.place, "the formats are text and json");
        }
        target.form = form == "json" ? observe::LogForm::json : observe::LogForm::text;
        return {};
    }
    return take_level(word, target, said);
}

Checked<> apply_error_log(Scope& scope, const Statement& statement) {
    const config::Word& word = statement.words.front();
    if (word.text.starts_with("memory:")) {
        return complain("\"memory:\" logs of \"error_log\" are known to nginx but not supported by webserv yet", word.place);
    }
    ErrorLogSettings::Target target{.place = {.path = word.text}};
    if (word.text != "stderr") {
        auto place = parse_log_place(builder(scope), word);
        if (!place) return std::unexpected{std::move(place.error())};
        target.place = std::move(*place);
    }
    Said said = Said::nothing;
    for (const config::Word& parameter : std::span{statement.words}.subspan(1)) {
        if (auto taken = take_parameter(parameter, target, said); !taken) return taken;
    }
    auto& targets = scope.settings.own<ErrorLogSettings>().targets;
    for (const auto& other : targets) {
        if (targets.is_own() && other.place.path == target.place.path) {
            return complain("\"error_log\" directive is duplicate", statement.name.place);
        }
    }
    targets.add(std::move(target));
    return {};
}

Checked<> apply_debug_connection(Scope& scope, const Statement& statement) {
    const config::Word& word = statement.words.front();
    auto& networks = scope.settings.own<MainSettings>().debug_connections;
    if (word.text == "unix:") {
        networks.push_back(sys::Network::local());
        return {};
    }
    if (const auto network = sys::Network::parse(word.text)) {
        if (network->has_stray_bits()) builder(scope).warn(fmt::format("low address bits of {} are meaningless", word.text), word.place);
        networks.push_back(*network);
        return {};
    }
    const auto addresses = builder(scope).loader().resolve(word.text);
    if (!addresses || addresses->empty()) return complain(fmt::format("host not found in debug_connection \"{}\"", word.text), word.place);
    for (const std::string& address : *addresses) {
        if (const auto network = sys::Network::parse(address)) networks.push_back(*network);
    }
    return {};
}

constexpr Directive directives[] = {
    {.name = "error_log",
     .contexts = context::main | context::http | context::server | context::location,
     .takes = arity::one_or_more,
     .syntax = "file | stderr | syslog:server=address[,parameter=value ...] [level] [format=text|json]",
     .fallback = "logs/error.log error",
     .apply = apply_error_log,
     .doc =
         "Where errors are written, and from which level on: `debug`, `info`, `notice`, `warn`, `error`, `crit`, `alert`, `emerg`. Several "
         "logs may be given at one level; each gets every line it takes. At `debug` every routing decision is logged with the place "
         "in the configuration that made it. `debug_http` is the same as `debug`; nginx's other kinds of debugging (`debug_core` ...) do "
         "not "
         "exist, and leave `info`.\n\n"
         "`syslog:` sends each line as a datagram (RFC 3164) to `server=`, an address with or without port (514), or `unix:` and a path; "
         "`facility=` (`local7`), `tag=` (`nginx`) and `nohostname` may follow after commas. A server that is away costs the lines, and "
         "nothing else.\n\n"
         "`format=json`, which is not nginx's, writes one JSON object a line: `time` (ISO 8601 with milliseconds), `level`, `pid`, `tid`, "
         "`connection` (a number, where there is one), `message`; then, where they are known, `client`, `server`, `request`, `upstream`, "
         "`host`, `referrer`. These names stay as they are.",
     .repeatable = true},
    {.name = "debug_connection",
     .contexts = context::events,
     .syntax = "address | network | name | unix:",
     .apply = apply_debug_connection,
     .doc =
         "Connections from these clients are logged at `debug`, whatever the levels of the logs are: for looking at one client of a busy "
         "server.",
     .repeatable = true},
    {.name = "log_not_found",
     .contexts = context::http | context::server | context::location,
     .takes = arity::flag,
     .fallback = "on",
     .apply = config::store_flag<&CoreSettings::log_not_found>,
     .doc = "Whether a file that was asked for and is not there is an `error` of the log."},
};

}  // namespace

constexpr Module error_log_module{.name = "error_log", .directives = directives, .variables = {}, .handlers = {}, .filters = {}};

}  // namespace webserv::server
