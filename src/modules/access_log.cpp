// modules/access_log.cpp: access_log and log_format: one line an exchange, gathered in the worker and written by its loop.
// Values are escaped, so that no request can forge a line.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "config/values.hpp"
#include "modules/registry.hpp"
#include "server/exchange.hpp"
#include "server/site_builder.hpp"
#include "server/worker.hpp"

namespace webserv::modules {
namespace {

using config::Checked;
using config::complain;
using config::Word;
using server::Exchange;
using server::Outcome;
using server::Phase;
namespace context = config::context;

enum class Escape : unsigned char { standard, json, none };

struct Format {
    config::Expression line;
    Escape escape = Escape::standard;
};

/// One access_log.
struct Target {
    std::string path;
    std::size_t log = 0;  ///< index among the site's access logs
    std::shared_ptr<const Format> format{};
    std::optional<config::Expression> condition{};  ///< if=
    std::uint64_t buffer_bytes = 0;                 ///< buffer=; 0: written at the end of the loop's turn
    std::chrono::milliseconds flush{0};             ///< flush=; 0: when the buffer is full
};

struct Settings {
    config::ScopedList<Target> targets;
    bool off = false;                                                           // wins over logs of the same level
    std::map<std::string, std::shared_ptr<const Format>, std::less<>> formats;  // of log_format, at http level
};

constexpr std::string_view combined =
    "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" \"$http_user_agent\"";

// Values as they stand in a line: quotes, backslashes and control octets must not forge one.
class EscapingReader final : public config::VariableReader {
public:
    EscapingReader(Exchange& exchange, Escape escape) : exchange_{exchange}, escape_{escape} {}

    std::string_view variable(int index) override {
        const auto value = exchange_.value(index);
        if (!value) return escape_ == Escape::standard ? "-" : "";
        return escaped(*value);
    }
    std::string_view capture(std::size_t group) override { return escaped(exchange_.capture(group)); }

private:
    [[nodiscard]] bool is_plain(char c) const noexcept {
        const auto octet = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\' || octet < 0x20) return false;
        return escape_ == Escape::json || octet < 0x7f;
    }

    std::string_view escaped(std::string_view value) const {
        if (escape_ == Escape::none || std::all_of(value.begin(), value.end(), [this](char c) { return is_plain(c); })) return value;
        fmt::memory_buffer out;
        for (const char c : value) append(out, c);
        return exchange_.arena.copy({out.data(), out.size()});
    }

    void append(fmt::memory_buffer& out, char c) const {
        const auto octet = static_cast<unsigned char>(c);
        const auto end = std::back_inserter(out);
        if (is_plain(c)) {
            out.push_back(c);
        } else if (escape_ == Escape::standard) {
            fmt::format_to(end, "\\x{:02X}", octet);
        } else if (c == '"' || c == '\\') {
            fmt::format_to(end, "\\{}", c);
        } else {
            constexpr std::string_view named = "\b\t\n\f\r";
            constexpr std::string_view letters = "btnfr";
            if (const auto position = named.find(c); position != named.npos) {
                fmt::format_to(end, "\\{}", letters[position]);
            } else {
                fmt::format_to(end, "\\u{:04X}", octet);
            }
        }
    }

    Exchange& exchange_;
    Escape escape_;
};

Checked<std::shared_ptr<const Format>> make_format(config::Scope& scope, Word text, Escape escape) {
    text.text += '\n';
    auto line = config::Expression::compile(text, server::builder(scope).site().variables);
    if (!line) return std::unexpected{line.error()};
    (void)server::builder(scope).site().variables.take_needs_content();  // a log says what was read, it reads nothing (as in nginx)
    return std::make_shared<const Format>(Format{std::move(*line), escape});
}

Checked<> apply_log_format(config::Scope& scope, const config::Statement& statement) {
    auto& settings = scope.settings.own<Settings>();
    const Word& name = statement.words.front();
    if (settings.formats.contains(name.text) || name.text == "combined") {
        return complain(fmt::format("duplicate \"log_format\" name \"{}\"", name.text), name.place);
    }
    Escape escape = Escape::standard;
    std::size_t first = 1;
    if (const Word& word = statement.words[1]; word.text.starts_with("escape=")) {
        const std::string_view value = std::string_view{word.text}.substr(7);
        if (value != "default" && value != "json" && value != "none") {
            return complain(fmt::format("unknown log format escaping \"{}\"", value), word.place, "the kinds are default, json and none");
        }
        escape = value == "json" ? Escape::json : value == "none" ? Escape::none : Escape::standard;
        ++first;
    }
    Word joined{.text = {}, .place = statement.words[1].place};
    for (std::size_t i = first; i < statement.words.size(); ++i) joined.text += statement.words[i].text;
    auto format = make_format(scope, std::move(joined), escape);
    if (!format) return std::unexpected{format.error()};
    settings.formats.emplace(name.text, std::move(*format));
    return {};
}

Checked<> apply_parameter(config::Scope& scope, const Word& word, Target& target) {
    const std::string_view text = word.text;
    if (text.starts_with("buffer=")) {
        const auto size = config::parse_size(text.substr(7));
        if (!size || *size == 0) return complain(fmt::format("invalid buffer size \"{}\"", text.substr(7)), word.place);
        target.buffer_bytes = *size;
        return {};
    }
    if (text.starts_with("flush=")) {
        const auto time = config::parse_time(text.substr(6));
        if (!time || time->count() == 0) return complain(fmt::format("invalid flush time \"{}\"", text.substr(6)), word.place);
        target.flush = *time;
        return {};
    }
    if (text.starts_with("if=")) {
        auto condition = server::builder(scope).compile(Word{.text = word.text.substr(3), .place = word.place}, scope);
        if (!condition) return std::unexpected{condition.error()};
        target.condition = std::move(*condition);
        return {};
    }
    if (text == "gzip" || text.starts_with("gzip=")) {
        return complain("parameter \"gzip\" of \"access_log\" is known to nginx but not supported by webserv yet", word.place);
    }
    return complain(fmt::format("invalid parameter \"{}\"", text), word.place);
}

Checked<std::shared_ptr<const Format>> find_format(config::Scope& scope, const config::Statement& statement) {
    const Word& word = statement.words.size() > 1 ? statement.words[1] : statement.words.front();
    if (statement.words.size() < 2 || word.text == "combined") {
        return make_format(scope, Word{.text = std::string{combined}, .place = word.place}, Escape::standard);
    }
    const auto& formats = scope.settings.own<Settings>().formats;
    if (const auto found = formats.find(word.text); found != formats.end()) return found->second;
    std::vector<std::string_view> names{"combined"};
    for (const auto& [name, format] : formats) names.push_back(name);
    const auto near = text::nearest(word.text, names);
    return complain(fmt::format("unknown log format \"{}\"", word.text), word.place,
                    near.empty() ? "" : fmt::format("did you mean \"{}\"?", near));
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
    for (const std::string_view kind : {"syslog:", "$"}) {
        if (path.text.find(kind) == path.text.npos || (kind == "syslog:" && !path.text.starts_with(kind))) continue;
        return complain(fmt::format("{} of \"access_log\" is known to nginx but not supported by webserv yet",
                                    kind == "$" ? "a path with variables" : "\"syslog:\""),
                        path.place);
    }
    Target target{.path = server::builder(scope).absolute(path.text)};
    auto format = find_format(scope, statement);
    if (!format) return std::unexpected{format.error()};
    target.format = std::move(*format);
    for (std::size_t i = 2; i < statement.words.size(); ++i) {
        if (auto applied = apply_parameter(scope, statement.words[i], target); !applied) return applied;
    }
    if (target.flush.count() > 0 && target.buffer_bytes == 0) {
        return complain(fmt::format("no buffer is defined for access_log \"{}\"", path.text), path.place);
    }
    target.log = server::builder(scope).access_log_index(target.path);
    if (!settings.targets.is_own()) settings.off = false;  // an outer level's
    settings.targets.add(std::move(target));
    return {};
}

void write_line(Exchange& exchange, const Target& target) {
    if (target.condition) {
        const std::string_view condition = exchange.evaluate(*target.condition);
        if (condition.empty() || condition == "0") return;
    }
    EscapingReader reader{exchange, target.format->escape};
    const std::string_view line = target.format->line.evaluate(reader, exchange.arena);
    const io::TimePoint now = exchange.worker.loop.now();
    io::Deadline flush_by = now;
    if (target.buffer_bytes > 0) flush_by = target.flush.count() > 0 ? now + target.flush : io::never;
    exchange.site->access_log_writers[target.log]->append(line, target.buffer_bytes, flush_by);
}

Outcome log(Exchange& exchange) {
    for (const Target& target : exchange.settings<Settings>().targets) write_line(exchange, target);
    return Outcome::declined();
}

// Without any access_log nginx writes this one.
Checked<> seed_default(config::Scope& main) {
    auto format = make_format(main, Word{.text = std::string{combined}, .place = {}}, Escape::standard);
    if (!format) return std::unexpected{format.error()};
    server::SiteBuilder& builder = server::builder(main);
    const std::string path = builder.absolute("logs/access.log");
    main.settings.own<Settings>().targets.add(
        {.path = path, .log = builder.access_log_index(path), .format = std::move(*format), .condition = {}});
    return {};
}

bool wanted(const config::SettingsTable& settings) {
    const auto& logs = settings.get<Settings>();
    return !logs.off && !logs.targets.empty();
}

// Only logs that some location writes to are opened.
void use_logs(server::SiteBuilder& builder, const config::SettingsTable& settings) {
    if (!wanted(settings)) return;
    for (const Target& target : settings.get<Settings>().targets) builder.use_access_log(target.log);
}

constexpr config::Directive directives[] = {
    {.name = "access_log",
     .contexts = context::http | context::server | context::location,
     .takes = config::arity::one_or_more,
     .syntax = "off | path [format [buffer=size] [flush=time] [if=condition]]",
     .fallback = "logs/access.log combined",
     .apply = apply_access_log,
     .doc = "Writes a line for each request, in the location where it ended. Lines gather for one turn of the event loop, or with "
            "`buffer=` until "
            "the buffer is full or `flush=` has passed. `if=`: only if the condition is neither empty nor `0`. Several logs may be given; "
            "a level "
            "that has any inherits none. Relative to the prefix.",
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
