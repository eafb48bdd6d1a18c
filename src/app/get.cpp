// app/get.cpp: options, URL, output; a loop that turns until the session has ended; and its last words.
// One loop, one task: everything that waits, waits there.
#include "app/get.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "app/get_options.hpp"
#include "app/get_session.hpp"
#include "app/get_trace.hpp"
#include "app/print.hpp"
#include "http/url.hpp"
#include "io/complete.hpp"

namespace webserv::app {
namespace {

// "localhost:8080/x" is what people type; a scheme is what stands before the first slash, and two of them follow.
std::string with_scheme(const std::string& text) {
    const auto mark = text.find("://");
    return mark != text.npos && text.find_first_of("/?#") == mark + 1 ? text : "http://" + text;
}

Got<http::Url> parse_target(const std::string& text) {
    auto url = http::parse_url(with_scheme(text));
    if (!url) return get_failure(GetStatus::bad_url, fmt::format("\"{}\" is no URL: {}", text, http::describe(url.error())));
    if (url->scheme == "http" || url->scheme == "https") return std::move(*url);
    return get_failure(GetStatus::unsupported, fmt::format("{}:// is not spoken here, only http:// and https://", url->scheme));
}

Got<std::string> output_path(const GetOptions& options, const http::Url& url) {
    if (!options.remote_name) return options.writes_to_file() ? options.output : std::string{};
    const std::string path = url.target.substr(0, url.target.find('?'));
    std::string name = path.substr(path.rfind('/') + 1);
    if (name.empty()) return get_failure(GetStatus::not_written, fmt::format("{} ends in no file name for -O: use -o", url.text()));
    return name;
}

int report(const Got<>& outcome, const GetOptions& options) {
    if (outcome) return static_cast<int>(GetStatus::done);
    if (!options.silent && !outcome.error().message.empty()) print_error(fmt::format("webserv: {}\n", outcome.error().message));
    return static_cast<int>(outcome.error().status);
}

Got<> run(const GetOptions& options, GetTrace* trace) {
    const auto url = parse_target(options.url);
    if (!url) return std::unexpected{url.error()};
    auto path = output_path(options, *url);
    if (!path) return std::unexpected{path.error()};
    auto content = open_content(options);
    if (!content) return std::unexpected{content.error()};
    const auto loop = io::Loop::create();
    if (!loop) return get_failure(GetStatus::no_connection, describe(loop.error()));

    GetOutput output{std::move(*path)};
    GetSession session{**loop, options, std::move(*content), output, trace};
    auto outcome = io::complete(**loop, session.run(*url));
    // A thread can not be told to give up a name server that is silent; the process need not wait for it.
    if (session.is_resolving()) std::_Exit(report(outcome, options));
    return outcome;
}

}  // namespace

int get(std::span<char* const> words) {
    const auto options = parse_get_options(words);
    if (!options) return options.error();
    ::signal(SIGPIPE, SIG_IGN);     // an error of write(2) says it better
    std::optional<GetTrace> trace;  // before the first socket, and until the last is closed
    if (options->trace) trace.emplace();
    return report(run(*options, trace ? &*trace : nullptr), *options);
}

}  // namespace webserv::app
