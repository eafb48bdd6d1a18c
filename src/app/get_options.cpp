// app/get_options.cpp: the table of options, and which of them contradict each other.
// Times are given in seconds, with fractions.
#include "app/get_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string_view>

#include "app/get_failure.hpp"
#include "app/print.hpp"
#include "base/text.hpp"

namespace webserv::app {
namespace {

constexpr double seconds_max = 1e8;  // three years

// What CLI11 reads before it is understood.
struct Raw {
    std::string continue_at;
    std::vector<std::string> resolve;
    double max_time = 0;
    double connect_timeout = 0;
};

std::chrono::milliseconds milliseconds(double seconds) { return std::chrono::milliseconds{static_cast<std::int64_t>(seconds * 1000)}; }

// HOST:PORT:ADDRESS[,ADDRESS...]; addresses of IPv6 with or without brackets.
std::optional<HostAddress> parse_resolve(std::string_view text) {
    const std::size_t host_end = text.starts_with('[') ? text.find("]:") + 1 : text.find(':');
    if (host_end == 0 || host_end >= text.size()) return std::nullopt;
    HostAddress entry;
    entry.host = text::lower(text.substr(0, host_end));
    text.remove_prefix(host_end + 1);
    const std::size_t port_end = text.find(':');
    const auto port = text::parse_decimal(text.substr(0, port_end));
    if (port_end == text.npos || !port || *port == 0 || *port > 65535) return std::nullopt;
    entry.port = static_cast<std::uint16_t>(*port);
    text.remove_prefix(port_end + 1);
    for (bool more = true; more;) {
        const std::size_t comma = text.find(',');
        const auto address = sys::Address::parse_ip(text.substr(0, comma), entry.port);
        if (!address) return std::nullopt;
        entry.addresses.push_back(*address);
        more = comma != text.npos;
        if (more) text.remove_prefix(comma + 1);
    }
    return entry;
}

void add_request_options(CLI::App& command, GetOptions& options) {
    command.add_option("url", options.url, "The URL, http:// or https://; http:// may be left out")->required();
    command.add_option("-X,--request", options.method, "The method (default: GET; POST with -d, HEAD with -I)");
    command
        .add_option("-H,--header", options.fields,
                    "A field line, \"Name: value\"; \"Name:\" takes one of ours away, \"Name;\" sends it empty")
        ->allow_extra_args(false);
    command.add_option("-d,--data", options.data, "Content to send; @FILE: the file's octets as they are, @-: standard input");
    command.add_option("-u,--user", options.user, "USER:PASSWORD, sent to this host alone (Basic)");
    command.add_flag("-I,--head", options.head, "Ask for the head alone, and print it");
    command.add_flag("-L,--location", options.follow, "Follow redirects");
    command.add_option("--max-redirs", options.redirects_max, "At most so many")->capture_default_str();
}

void add_output_options(CLI::App& command, GetOptions& options, Raw& raw) {
    command.add_option("-o,--output", options.output, "Write the content to this file");
    command.add_flag("-O,--remote-name", options.remote_name, "... to a file named as the end of the URL's path");
    command.add_option("-C,--continue-at", raw.continue_at, "-: go on where an interrupted download to the file ended")
        ->check(CLI::IsMember({"-"}));
    command.add_flag("-i,--include", options.include_head, "Print the response's head before its content");
    command.add_flag("-f,--fail", options.fail, "Print nothing and exit with 22 if the status is 400 or more");
    command.add_flag("-v,--verbose", options.verbose, "Print what is sent and received to standard error");
    command.add_flag("-s,--silent", options.silent, "No progress and no messages");
    command.add_flag("--trace", options.trace, "Print each call on the sockets and the time of each step to standard error");
}

void add_connection_options(CLI::App& command, GetOptions& options, Raw& raw) {
    command.add_option("--unix-socket", options.unix_socket, "Connect to this local socket instead of the host");
    command.add_option("--resolve", raw.resolve, "HOST:PORT:ADDRESS[,ADDRESS]: where a host is")->allow_extra_args(false);
    command.add_option("--cacert", options.authorities, "Trust the authorities in this file (PEM) instead of the system's");
    command.add_flag("-k,--insecure", options.insecure, "Take any certificate: whoever answers may be somebody else");
    command.add_flag("-4,--ipv4", options.ipv4_only, "IPv4 alone");
    command.add_flag("-6,--ipv6", options.ipv6_only, "IPv6 alone");
    command.add_option("--connect-timeout", raw.connect_timeout, "Seconds for looking up and connecting (default: 300)")
        ->check(CLI::Range(0.0, seconds_max));
    command.add_option("-m,--max-time", raw.max_time, "Seconds for everything (default: as long as it takes)")
        ->check(CLI::Range(0.0, seconds_max));
}

// What is wrong with the options together; empty: nothing.
std::string contradiction(const GetOptions& options) {
    if (options.head && options.data) return "-I asks for a head, -d sends content: one of them";
    if (options.ipv4_only && options.ipv6_only) return "-4 and -6: one of them";
    if (options.remote_name && !options.output.empty()) return "-o and -O: one of them";
    if (!options.resume) return {};
    if (!options.writes_to_file()) return "-C goes on with a file: name it with -o or -O";
    if (options.head || options.data || options.include_head || !options.method.empty())
        return "-C goes on with a GET: not with -d, -i, -I or -X";
    return {};
}

int refuse(const std::string& message) {
    print_error(fmt::format("webserv get: {}\n", message));
    return static_cast<int>(GetStatus::bad_usage);
}

}  // namespace

std::expected<GetOptions, int> parse_get_options(std::span<char* const> words) {
    GetOptions options;
    Raw raw;
    CLI::App command{"Gets what a URL names, over HTTP.", "webserv get"};
    add_request_options(command, options);
    add_output_options(command, options, raw);
    add_connection_options(command, options, raw);
    std::vector<std::string> arguments{words.rbegin(), words.rend()};  // CLI11 takes them from the back
    try {
        command.parse(arguments);
    } catch (const CLI::ParseError& error) {
        return std::unexpected{command.exit(error) == 0 ? 0 : static_cast<int>(GetStatus::bad_usage)};
    }
    options.resume = !raw.continue_at.empty();
    options.max_time = milliseconds(raw.max_time);
    if (raw.connect_timeout > 0) options.connect_timeout = milliseconds(raw.connect_timeout);
    for (const std::string& text : raw.resolve) {
        auto entry = parse_resolve(text);
        if (!entry) return std::unexpected{refuse(fmt::format("--resolve {}: it is HOST:PORT:ADDRESS[,ADDRESS]", text))};
        options.resolve.push_back(std::move(*entry));
    }
    if (const std::string problem = contradiction(options); !problem.empty()) return std::unexpected{refuse(problem)};
    return options;
}

}  // namespace webserv::app
