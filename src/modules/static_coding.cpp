// modules/static_coding.cpp: gzip_static, brotli_static, zstd_static: a file that lies beside the one asked for, coded already.
// Runs before the file itself is sent; who does not take the coding gets that.
#include <fmt/format.h>

#include "modules/registry.hpp"
#include "server/answers.hpp"
#include "server/content_coding.hpp"
#include "server/file_response.hpp"
#include "server/find_file.hpp"
#include "server/worker.hpp"

namespace webserv::modules {
namespace {

using observe::Level;
using server::Exchange;
using server::Outcome;
using server::Phase;
namespace context = config::context;

enum class Mode : unsigned char { off, on, always };

struct Settings {
    Mode gzip = Mode::off;
    Mode brotli = Mode::off;
    Mode zstd = Mode::off;
};

struct Coding {
    Mode Settings::* mode;
    std::string_view name;
    std::string_view suffix;
};

// Where a client takes several: what is smallest first.
constexpr Coding codings[] = {
    {&Settings::brotli, "br", ".br"},
    {&Settings::zstd, "zstd", ".zst"},
    {&Settings::gzip, "gzip", ".gz"},
};

bool is_missing(std::errc code) {
    return code == std::errc::no_such_file_or_directory || code == std::errc::not_a_directory || code == std::errc::filename_too_long;
}

Outcome serve_coded(Exchange& exchange, const Coding& coding, Mode mode) {
    const bool wanted = mode == Mode::always || server::wants_coding(exchange, coding.name);
    if (!wanted && !server::tells_vary(exchange)) return Outcome::declined();
    const auto path = server::file_path(exchange, coding.suffix);
    if (!path) return Outcome::declined();  // the file itself will say so
    auto found = server::find_file(exchange, *path);
    if (!found) {
        if (!is_missing(found.error().code)) {
            exchange.log(Level::crit, fmt::format("open() \"{}\" failed {}", *path, describe_errno(static_cast<int>(found.error().code))));
        }
        return Outcome::declined();
    }
    if (mode == Mode::on) server::tell_vary(exchange);
    if (!wanted || found->status.is_directory()) return Outcome::declined();
    if (!found->file) {
        exchange.log(Level::crit, fmt::format("\"{}\" is not a regular file", *path));
        return Outcome::status(404);
    }
    server::respond_with_file(exchange, std::move(found->file));
    exchange.response.fields.add("Content-Encoding", coding.name);
    return Outcome::respond();
}

Outcome serve_some_coding(Exchange& exchange) {
    if (!exchange.is_safe() || exchange.path.ends_with('/')) return Outcome::declined();
    const auto& settings = exchange.settings<Settings>();
    for (const Coding& coding : codings) {
        const Mode mode = settings.*coding.mode;
        if (mode == Mode::off) continue;
        const Outcome outcome = serve_coded(exchange, coding, mode);
        if (outcome.kind != Outcome::Kind::declined) return outcome;
    }
    return Outcome::declined();
}

bool wanted(const config::SettingsTable& table) {
    const auto& settings = table.get<Settings>();
    return settings.gzip != Mode::off || settings.brotli != Mode::off || settings.zstd != Mode::off;
}

constexpr config::Choice<Mode> choices[] = {{"off", Mode::off}, {"on", Mode::on}, {"always", Mode::always}};
constexpr config::Contexts places = context::http | context::server | context::location;

constexpr config::Directive directives[] = {
    {.name = "gzip_static",
     .contexts = places,
     .syntax = "on | off | always",
     .fallback = "off",
     .apply = config::store_choice<&Settings::gzip, choices>,
     .doc =
         "Whether `file.gz` is sent for `file`, if it is there and the client takes gzip; `always`: to every client. Its own time and size "
         "hold; ranges are not offered. Who may have it is also said by `gzip_http_version`, `gzip_proxied` and `gzip_disable`."},
    {.name = "brotli_static",
     .contexts = places,
     .syntax = "on | off | always",
     .fallback = "off",
     .apply = config::store_choice<&Settings::brotli, choices>,
     .doc =
         "As `gzip_static`, for `file.br` and the coding br. Of several codings that a client takes br comes first, then zstd, then gzip."},
    {.name = "zstd_static",
     .contexts = places,
     .syntax = "on | off | always",
     .fallback = "off",
     .apply = config::store_choice<&Settings::zstd, choices>,
     .doc = "As `gzip_static`, for `file.zst` and the coding zstd."},
};

constexpr server::Handler handlers[] = {{.phase = Phase::content, .plain = serve_some_coding, .waiting = nullptr, .wanted = wanted}};

}  // namespace

constexpr server::Module static_coding_module{
    .name = "static_coding", .directives = directives, .variables = {}, .handlers = handlers, .filters = {}};

}  // namespace webserv::modules
