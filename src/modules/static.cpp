// modules/static.cpp: answers with the file that the path names.
// Small files leave in one write with the head, large ones by sendfile; a folder without its slash is redirected to it.
#include <fmt/format.h>

#include "http/target.hpp"
#include "modules/registry.hpp"
#include "server/answers.hpp"
#include "server/file_response.hpp"
#include "server/find_file.hpp"
#include "server/worker.hpp"

namespace webserv::modules {
namespace {

using http::Method;
using observe::Level;
using server::Exchange;
using server::Outcome;
using server::Phase;

Outcome cannot_open(Exchange& exchange, std::string_view path, const Error& error) {
    const int number = static_cast<int>(error.code);
    const auto message = [&] { return fmt::format("open() \"{}\" failed {}", path, describe_errno(number)); };
    switch (error.code) {
        case std::errc::no_such_file_or_directory:
        case std::errc::not_a_directory:
        case std::errc::filename_too_long:
            if (exchange.core().log_not_found) exchange.log(Level::error, message());
            return Outcome::status(404);
        case std::errc::permission_denied:
        case std::errc::too_many_symbolic_link_levels:
            exchange.log(Level::error, message());
            return Outcome::status(403);
        default:
            exchange.log(Level::crit, message());
            return Outcome::status(500);
    }
}

Outcome redirect_to_folder(Exchange& exchange) {
    std::string_view target = http::escape_path(exchange.path, exchange.arena);
    target = exchange.arena.join(target, "/");
    if (!exchange.args.empty()) target = exchange.arena.join({target, "?", exchange.args});
    exchange.response.location = target;
    return Outcome::status(301);
}

Outcome serve_file(Exchange& exchange) {
    const Method method = exchange.request.method;
    if (!exchange.is_safe() && method != Method::post) return Outcome::status(405);
    if (exchange.path.ends_with('/')) return Outcome::declined();

    const auto path = server::file_path(exchange, {});
    if (!path) return Outcome::status(404);
    auto found = server::find_file(exchange, *path);
    if (!found) return cannot_open(exchange, *path, found.error());
    if (found->status.is_directory()) return redirect_to_folder(exchange);
    if (!found->file) {
        exchange.log(Level::crit, fmt::format("\"{}\" is not a regular file", *path));
        return Outcome::status(404);
    }
    if (method == Method::post) return Outcome::status(405);

    server::respond_with_file(exchange, std::move(found->file));
    exchange.response.accept_ranges = true;
    return Outcome::respond();
}

constexpr server::Handler handlers[] = {{.phase = Phase::content, .plain = serve_file, .waiting = nullptr, .wanted = nullptr}};

}  // namespace

constexpr server::Module static_module{.name = "static", .directives = {}, .variables = {}, .handlers = handlers, .filters = {}};

}  // namespace webserv::modules
