// app/request_lines.cpp: time, status, method, path, size and duration of each exchange.
// Written for a person who watches, so it is flushed at once; logs for machines are access_log's.
#include "app/request_lines.hpp"

#include <fmt/format.h>

#include "app/print.hpp"
#include "server/exchange.hpp"
#include "server/worker.hpp"

namespace webserv::app {
namespace {

using server::Exchange;
using server::Outcome;

std::string_view colour_of(int status) {
    if (!wants_colours()) return "";
    if (status >= 500) return "\033[31m";  // red
    if (status >= 400) return "\033[33m";  // yellow
    if (status >= 300) return "\033[36m";  // cyan
    return "\033[32m";                     // green
}

std::string size_text(std::uint64_t bytes) {
    if (bytes < 1024) return fmt::format("{} B", bytes);
    constexpr std::string_view units = "KMGTPE";
    double size = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    for (; size >= 1024 && unit + 1 < units.size(); ++unit) size /= 1024;
    return fmt::format("{:.1f} {}iB", size, units[unit]);
}

// The target is the client's: what would steer a terminal is shown as \xHH.
std::string printable(std::string_view text) {
    std::string result;
    for (const char c : text) {
        const auto octet = static_cast<unsigned char>(c);
        if (octet < 0x20 || octet == 0x7f) {
            result += fmt::format("\\x{:02x}", octet);
        } else {
            result += c;
        }
    }
    return result;
}

Outcome print_line(Exchange& exchange) {
    const int status = exchange.response.status;
    const std::string_view colour = colour_of(status);
    const std::string_view plain = colour.empty() ? "" : "\033[0m";
    const auto took = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - exchange.began).count();
    const std::string_view time = exchange.worker.clock.log_time(exchange.worker.loop.wall_now());
    const std::string request = exchange.request.target.empty()
                                    ? printable(exchange.request.line)
                                    : fmt::format("{} {}", exchange.request.method_name, printable(exchange.request.target));
    print(fmt::format("{} {}{}{} {} {} {:.1f} ms {}\n", time.substr(12, 8), colour, status, plain, request,
                      size_text(exchange.content_bytes_sent), took, exchange.client().host()));
    return Outcome::declined();
}

constexpr server::Handler handlers[] = {{.phase = server::Phase::log, .plain = print_line, .waiting = nullptr, .wanted = nullptr}};

}  // namespace

constexpr server::Module request_lines_module{
    .name = "request lines", .directives = {}, .variables = {}, .handlers = handlers, .filters = {}};

}  // namespace webserv::app
