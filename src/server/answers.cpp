// server/answers.cpp: built-in pages in nginx's words, error_page, locations made absolute.
// The pages are nginx's to the octet, but for the server's name: tools match them.
#include "server/answers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "base/octet_words.hpp"
#include "base/text.hpp"
#include "base/version.hpp"
#include "http/status.hpp"
#include "http/target.hpp"
#include "server/worker.hpp"

namespace webserv::server {
namespace {

// nginx's own codes between 494 and 497 are shown as 400; the page says more.
std::string_view detail_of(int code) {
    switch (code) {
        case 494:
            return "Request Header Or Cookie Too Large";
        case 495:
            return "The SSL certificate error";
        case 496:
            return "No required SSL certificate was sent";
        case 497:
            return "The plain HTTP request was sent to HTTPS port";
        default:
            return {};
    }
}

// Two pages of nginx's do not say what its status line says.
std::string_view page_phrase(int status) {
    if (status == 302) return "Found";
    return status == 401 ? "Authorization Required" : http::reason_phrase(status);
}

// After these the peer's next octets can not be trusted, or are not wanted.
bool ends_connection(int code) {
    return code == 400 || code == 413 || code == 414 || (code >= 494 && code <= 497) || code == 500 || code == 501;
}

void set_page(Exchange& exchange, int code) {
    http::Response& response = exchange.response;
    const std::string_view detail = detail_of(code);
    const int shown = detail.empty() ? code : 400;
    response.status = shown;
    exchange.forced_status = shown;
    response.last_modified.reset();
    response.etag = {};
    response.accept_ranges = false;
    response.fields.remove("Content-Encoding");
    exchange.content = nullptr;
    response.content_type = {};
    response.content_length = 0;
    if (code < 300 || http::reason_phrase(shown).empty()) return;  // nginx has no page for these either

    char digits[4];
    const std::string_view number{digits, std::to_chars(digits, std::end(digits), shown).ptr};
    const std::string_view phrase = page_phrase(shown);
    const std::string_view notice = detail.empty() ? std::string_view{} : exchange.arena.join({"<center>", detail, "</center>\r\n"});
    const std::string_view text = exchange.arena.join(
        {"<html>\r\n<head><title>", number, " ", detail.empty() ? phrase : detail, "</title></head>\r\n<body>\r\n<center><h1>", number, " ",
         phrase, "</h1></center>\r\n", notice, "<hr><center>", server_text(exchange), "</center>\r\n</body>\r\n</html>\r\n"});
    response.content_type = "text/html";
    response.content_length = text.size();
    exchange.content = &exchange.make<io::MemorySource>(text);
}

Outcome use_error_page(Exchange& exchange, const ErrorPage& page) {
    const std::string_view target = exchange.evaluate(page.target);
    if (page.overrides) exchange.forced_status = page.new_status;
    http::Response& response = exchange.response;  // what the first answer said of itself does not hold for the page
    response.last_modified.reset();
    response.etag = {};
    response.accept_ranges = false;
    response.content_length.reset();
    response.fields.remove("Content-Encoding");
    exchange.content = nullptr;
    if (target.starts_with('/')) {
        if (exchange.request.method != http::Method::head) {
            exchange.request.method = http::Method::get;
            exchange.request.method_name = "GET";
        }
        const auto question = target.find('?');
        const std::string_view args = question == target.npos ? std::string_view{} : target.substr(question + 1);
        return exchange.redirect_internally(target.substr(0, question), args);
    }
    if (target.starts_with('@')) return exchange.jump_to(target);
    const int status = page.overrides && http::is_redirect(page.new_status) ? page.new_status : 302;
    set_page(exchange, status);
    exchange.response.location = target;
    return Outcome::respond();
}

std::string_view absolute_location(Exchange& exchange, std::string_view relative) {
    const sys::Address& local = exchange.connection.local();
    const CoreSettings& core = exchange.core();
    std::string host = exchange.request.authority.empty() ? local.host() : std::string{exchange.host_name};
    if (core.server_name_in_redirect && !exchange.host->first_name().empty()) host = exchange.host->first_name();
    const bool is_secure = exchange.connection.is_secure();
    const bool named_port = core.port_in_redirect && local.port() != (is_secure ? 443 : 80) && local.port() != 0;
    const std::string port = named_port ? fmt::format(":{}", local.port()) : std::string{};
    return exchange.arena.copy(fmt::format("http{}://{}{}{}", is_secure ? "s" : "", host, port, relative));
}

std::string words_of(const Error& error) {
    const std::string number = describe_errno(static_cast<int>(error.code));
    return error.code == std::errc::timed_out ? "client timed out " + number : fmt::format("{} failed {}", error.doing, number);
}

h1::Framing framing_of(const Exchange& exchange) {
    const http::Response& response = exchange.response;
    if (http::is_contentless(response.status) || exchange.request.method == http::Method::head) return h1::Framing::none;
    const bool has_frames = exchange.request.version >= http::Version{2, 0};  // which end content of any length, and come before trailers
    const bool may_chunk = has_frames || (exchange.request.version >= http::Version{1, 1} && exchange.core().chunked_transfer_encoding);
    if (response.content_length && (has_frames || !may_chunk || response.trailer_source == nullptr)) return h1::Framing::length;
    return may_chunk ? h1::Framing::chunked : h1::Framing::close;
}

}  // namespace

Outcome answer_status(Exchange& exchange, int code) {
    exchange.forced_status = code;
    if (ends_connection(code)) exchange.persistent = false;
    if (!exchange.error_page_used && !exchange.has_redirected_too_often()) {
        for (const ErrorPage& page : exchange.core().error_pages) {
            if (page.status != code) continue;
            exchange.error_page_used = !exchange.core().recursive_error_pages;
            exchange.had_error_page = true;
            return use_error_page(exchange, page);
        }
    }
    set_page(exchange, code);
    return Outcome::respond();
}

Outcome answer_text(Exchange& exchange, int code, std::string_view text, std::string_view content_type) {
    http::Response& response = exchange.response;
    response.status = code;
    if (http::is_contentless(code)) return Outcome::respond();
    response.content_type = content_type.empty() ? content_type_of(exchange) : content_type;
    response.content_length = text.size();
    exchange.content = text.empty() ? nullptr : &exchange.make<io::MemorySource>(text);
    return Outcome::respond();
}

Outcome redirect_to_slash(Exchange& exchange) {
    std::string_view target = http::escape_path(exchange.location->name, exchange.arena);
    if (!exchange.args.empty()) target = exchange.arena.join({target, "?", exchange.args});
    exchange.response.location = target;
    return Outcome::status(301);
}

Outcome answer_asterisk(Exchange& exchange) {
    exchange.response.status = 200;
    exchange.response.content_length = 0;
    exchange.response.fields.add("Allow", "GET, HEAD, POST, OPTIONS");
    return Outcome::respond();
}

std::string_view content_type_of(Exchange& exchange) {
    const CoreSettings& core = exchange.core();
    const std::string_view path = exchange.path;
    const auto dot = path.rfind('.');
    const bool begins_name = dot != path.npos && (dot < 2 || path[dot - 1] == '/');  // ".css" is a name without an extension
    if (dot != path.npos && !begins_name && path.find('/', dot) == path.npos && dot + 1 < path.size()) {
        const std::string extension = text::lower(path.substr(dot + 1));
        static const TypeMap built_in{{"html", "text/html"}, {"gif", "image/gif"}, {"jpg", "image/jpeg"}};
        const TypeMap& types = core.types ? *core.types : built_in;
        if (const auto found = types.find(extension); found != types.end()) return found->second;
    }
    return without_line_ends(exchange.evaluate(core.default_type), exchange.arena);
}

std::optional<std::string_view> file_path(Exchange& exchange, std::string_view suffix) {
    return file_path_of(exchange, exchange.path, suffix);
}

std::optional<std::string_view> file_path_of(Exchange& exchange, std::string_view path, std::string_view suffix) {
    const CoreSettings& core = exchange.core();
    const std::string_view root = exchange.evaluate(core.root);
    std::string_view rest = path;
    if (core.alias_cut == CoreSettings::whole_name) {
        if (!exchange.path_follows_alias) rest = {};
    } else if (core.root_is_alias) {
        rest.remove_prefix(std::min(core.alias_cut, rest.size()));
        // "location /i { alias /d/; }" would let "/i../x" out of /d: nginx serves it, we do not.
        if (root.ends_with('/') && (rest == ".." || rest.starts_with("../"))) {
            exchange.log(observe::Level::error, fmt::format("\"{}\" leaves the alias \"{}\"", path, root));
            return std::nullopt;
        }
    }
    char* const memory = exchange.arena.take(root.size() + rest.size() + suffix.size());
    char* end = std::copy(root.begin(), root.end(), memory);
    end = std::copy(rest.begin(), rest.end(), end);
    end = std::copy(suffix.begin(), suffix.end(), end);
    return std::string_view{memory, static_cast<std::size_t>(end - memory)};
}

std::string_view without_line_ends(std::string_view value, Arena& arena) {
    const auto may_end_line = [](octet_words::Word octets) { return octet_words::below(octets, '\r' + 1) != 0; };
    if (!octet_words::any(value, may_end_line)) return value;
    const auto ends_line = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
    char* const memory = arena.take(value.size());
    return {memory, static_cast<std::size_t>(std::remove_copy_if(value.begin(), value.end(), memory, ends_line) - memory)};
}

bool takes_added_fields(int status) {
    constexpr int usual[] = {200, 201, 204, 206, 301, 302, 303, 304, 307, 308};
    return std::find(std::begin(usual), std::end(usual), status) != std::end(usual);
}

Answer prepare_answer(Exchange& exchange) {
    http::Response& response = exchange.response;
    const CoreSettings& core = exchange.core();
    if (response.status != 200 && response.status != 206 && response.status != 304) {
        response.last_modified.reset();  // an error page's own date says nothing about what was asked for
        response.accept_ranges = false;
    }
    if (!response.location.empty()) {
        response.location = without_line_ends(response.location, exchange.arena);
        if (core.absolute_redirect && response.location.starts_with('/'))
            response.location = absolute_location(exchange, response.location);
    }

    const h1::Framing framing = framing_of(exchange);
    if (framing == h1::Framing::chunked) response.content_length.reset();
    if (framing == h1::Framing::close || exchange.worker.draining()) exchange.persistent = false;
    // Content that the client was not told to send will not come: its octets could not be told from the next request.
    if (exchange.request.expects_continue && !exchange.content_was_read && exchange.request.has_content()) exchange.persistent = false;
    if (http::is_contentless(response.status)) {
        response.content_length.reset();
        response.content_type = {};
    }
    if (core.tcp_nopush) exchange.transport.send_full_segments(true);
    return {.options = {.date = exchange.worker.clock.http_date(exchange.worker.loop.wall_now()),
                        .framing = framing,
                        .persistent = exchange.persistent,
                        .keep_alive_seconds = static_cast<std::uint32_t>(core.keepalive_header.count())},
            .content = framing == h1::Framing::none ? nullptr : exchange.content,
            .limits = {.patience = core.send_timeout, .share_bytes = core.sendfile_max_chunk},
            .full_segments = core.tcp_nopush};
}

void finish_answer(Exchange& exchange, const Answer& answer, const http::Sent& sent) {
    if (answer.full_segments) exchange.transport.send_full_segments(false);
    exchange.bytes_sent = sent.bytes;
    exchange.content_bytes_sent = sent.content_bytes;
    exchange.complete = sent.outcome.has_value();
    if (exchange.complete) return;
    exchange.persistent = false;
    exchange.broken = true;
    const Error& error = sent.outcome.error();
    if (exchange.core().reset_timedout_connection && error.code == std::errc::timed_out) exchange.transport.reset();
    exchange.log(observe::Level::info, fmt::format("{} while sending response to client", words_of(error)));
}

std::string_view server_text(const Exchange& exchange) { return exchange.core().server_tokens == Tokens::off ? "webserv" : product; }

}  // namespace webserv::server
