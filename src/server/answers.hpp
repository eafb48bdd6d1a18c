// server/answers.hpp: what is said when there is no file to send: error pages, redirects, short texts; and sending it.
// Handlers say what to answer; how it looks on the wire is decided here.
#pragma once

#include <optional>
#include <string_view>

#include "h1/writer.hpp"
#include "server/exchange.hpp"

namespace webserv::server {

/// The answer for a status: its error_page (an internal redirect, a named location or a URL), or the built-in page.
[[nodiscard]] Outcome answer_status(Exchange& exchange, int code);

/// A short text as content, with the type of the path's extension unless one is given.
[[nodiscard]] Outcome answer_text(Exchange& exchange, int code, std::string_view text, std::string_view content_type = {});

/// 301 to the location's name, which is the path with a slash.
[[nodiscard]] Outcome redirect_to_slash(Exchange& exchange);

/// `OPTIONS *`: about the server as a whole (RFC 9110 section 9.3.7).
[[nodiscard]] Outcome answer_asterisk(Exchange& exchange);

/// The content type of the exchange's path: by its last extension, else default_type.
[[nodiscard]] std::string_view content_type_of(Exchange& exchange);

/// root + path + suffix, or what alias makes of it. Nothing (and a log line) if the alias would be left by "..".
[[nodiscard]] std::optional<std::string_view> file_path(Exchange& exchange, std::string_view suffix);
/// The same for another path than the exchange's.
[[nodiscard]] std::optional<std::string_view> file_path_of(Exchange& exchange, std::string_view path, std::string_view suffix = {});

/// A value for a field line: it may come from the request, so what would end the line (CR, LF, NUL) is left out.
[[nodiscard]] std::string_view without_line_ends(std::string_view value, Arena& arena);

/// The statuses of responses that `add_header` and `expires` add to without further words.
[[nodiscard]] bool takes_added_fields(int status);

/// What goes on the wire, beside exchange.response.
struct Answer {
    h1::HeadOptions options;
    io::Source* content = nullptr;
    SendLimits limits;
    bool full_segments = false;
};
/// The last decisions about a response: framing, persistence, locations made absolute.
[[nodiscard]] Answer prepare_answer(Exchange& exchange);
/// Notes what came of it: bytes_sent, complete.
void finish_answer(Exchange& exchange, const Answer& answer, const http::Sent& sent);

/// "webserv/1.2.3" or "webserv", as server_tokens says.
[[nodiscard]] std::string_view server_text(const Exchange& exchange);

}  // namespace webserv::server
