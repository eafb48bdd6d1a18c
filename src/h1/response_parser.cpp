// h1/response_parser.cpp: line by line: a line is looked at once its end is there, so feeding it in pieces changes nothing.
// What RFC 9112 tells clients to mend is mended (a folded line, a space before a colon), but never where framing hangs on it.
#include "h1/response_parser.hpp"

#include <algorithm>
#include <cstring>

#include "base/text.hpp"
#include "http/octets.hpp"
#include "http/status.hpp"

namespace webserv::h1 {
namespace {

constexpr std::string_view protocol = "HTTP/";
constexpr std::size_t common_lines = 24;  // more than most servers send

constexpr bool is_white(char c) noexcept { return c == ' ' || c == '\t'; }

}  // namespace

bool ResponseParser::refuse(ResponseError error) noexcept {
    error_ = error;
    part_ = Part::failed;
    return false;
}

ResponseParser::Progress ResponseParser::parse(std::string_view gathered) {
    while (part_ < Part::done) {
        if (part_ == Part::status_line && !begins_like_http(gathered)) return Progress::failed;
        const void* const feed =
            searched_ < gathered.size() ? std::memchr(gathered.data() + searched_, '\n', gathered.size() - searched_) : nullptr;
        const std::size_t end =
            feed == nullptr ? gathered.size() : static_cast<std::size_t>(static_cast<const char*>(feed) - gathered.data()) + 1;
        if (end > limits_.head_bytes_max) {
            refuse(ResponseError::head_too_large);
            return Progress::failed;
        }
        searched_ = end;
        if (feed == nullptr) return Progress::incomplete;
        if (!parse_line(gathered, end)) return Progress::failed;
        position_ = end;
    }
    return part_ == Part::done ? Progress::complete : Progress::failed;
}

// Whoever speaks another protocol may never send a line end.
bool ResponseParser::begins_like_http(std::string_view gathered) noexcept {
    const std::string_view begin = gathered.substr(0, protocol.size());
    return begin == protocol.substr(0, begin.size()) ? true : refuse(ResponseError::not_http);
}

// The line from position_ to `end`, its LF included.
bool ResponseParser::parse_line(std::string_view gathered, std::size_t end) {
    const std::string_view line = gathered.substr(position_, end - position_);
    if (!line.ends_with("\r\n")) return refuse(ResponseError::bad_line_end);
    const std::string_view text = line.substr(0, line.size() - 2);
    if (part_ == Part::status_line) return parse_status_line(text);
    return text.empty() ? finish() : parse_field_line(gathered, text);
}

// "HTTP/1.1 200 OK"; the reason may be empty, and then many servers forget the space before it, which misleads nobody.
bool ResponseParser::parse_status_line(std::string_view line) {
    constexpr std::size_t status_at = 9;  // behind "HTTP/1.1 "
    constexpr std::size_t status_end = 12;
    status_line_bytes_ = line.size();
    const std::string_view version = line.substr(protocol.size());
    const bool has_version = version.size() > 3 && text::is_digit(version[0]) && version[1] == '.' && text::is_digit(version[2]);
    if (!has_version || version[3] != ' ') {
        // "HTTP/2 200": a version without a minor number is one of those that are no text.
        const bool is_later = version.size() > 1 && text::is_digit(version[0]) && version[1] == ' ';
        return refuse(is_later ? ResponseError::unsupported_version : ResponseError::not_http);
    }
    if (version[0] != '1') return refuse(ResponseError::unsupported_version);
    version_ = {1, static_cast<std::uint8_t>(version[2] - '0')};

    const std::string_view digits = line.substr(status_at, status_end - status_at);
    const bool good = digits.size() == 3 && digits[0] >= '1' && std::all_of(digits.begin(), digits.end(), text::is_digit) &&
                      (line.size() == status_end || line[status_end] == ' ');
    if (!good) return refuse(ResponseError::bad_status);
    status_ = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
    const std::string_view reason = line.substr(status_end);
    if (!std::all_of(reason.begin(), reason.end(), http::is_value_octet)) {
        return refuse(reason.find('\r') == std::string_view::npos ? ResponseError::bad_status : ResponseError::bad_line_end);
    }
    part_ = Part::field_lines;
    lines_.reserve(common_lines);
    return true;
}

bool ResponseParser::parse_field_line(std::string_view gathered, std::string_view line) {
    if (is_white(line[0])) return unfold(gathered, line);
    if (lines_.size() >= limits_.field_lines_max) return refuse(ResponseError::too_many_fields);
    const auto name_end = static_cast<std::size_t>(
        std::find_if_not(line.begin(), line.end(), [](char c) { return http::contains(http::token_octets, c); }) - line.begin());
    std::size_t colon = name_end;
    while (colon < line.size() && is_white(line[colon])) ++colon;
    if (colon == line.size()) return refuse(ResponseError::missing_colon);
    if (line[colon] != ':' || name_end == 0) return refuse(ResponseError::bad_field_name);

    const std::string_view value = text::trim(line.substr(colon + 1));
    if (!http::is_field_value(value)) {
        return refuse(value.find('\r') == std::string_view::npos ? ResponseError::bad_field_value : ResponseError::bad_line_end);
    }
    const std::string_view name = line.substr(0, name_end);
    Line kept{{static_cast<std::uint32_t>(position_), static_cast<std::uint32_t>(name_end)},
              {static_cast<std::uint32_t>(value.data() - gathered.data()), static_cast<std::uint32_t>(value.size())}};
    if (text::equal_ignoring_case(name, "connection")) kept.kind = Kind::connection;
    if (text::equal_ignoring_case(name, "content-length")) kept.kind = Kind::length;
    if (text::equal_ignoring_case(name, "transfer-encoding")) kept.kind = Kind::coding;
    // RFC 9112 section 5.1: a proxy drops the space; others read another field.
    if (colon != name_end && kept.kind != Kind::other) return refuse(ResponseError::space_before_colon);
    lines_.push_back(kept);
    return understand(kept.kind, value);
}

// RFC 9112 section 5.2: a client takes the line end of a folded value for spaces. The value ends where this line does.
bool ResponseParser::unfold(std::string_view gathered, std::string_view line) {
    if (lines_.empty() || lines_.back().kind != Kind::other) return refuse(ResponseError::folded);
    const std::string_view more = text::trim(line);
    if (!http::is_field_value(more)) {
        return refuse(more.find('\r') == std::string_view::npos ? ResponseError::bad_field_value : ResponseError::bad_line_end);
    }
    Span& value = lines_.back().value;
    if (!more.empty()) value.length = static_cast<std::uint32_t>(more.data() + more.size() - gathered.data()) - value.offset;
    return true;
}

bool ResponseParser::understand(Kind kind, std::string_view value) {
    switch (kind) {
        case Kind::connection:
            asks_close_ = asks_close_ || http::has_token(value, "close");
            asks_keep_alive_ = asks_keep_alive_ || http::has_token(value, "keep-alive");
            return true;
        case Kind::length:
            return understand_length(value);
        case Kind::coding:
            return understand_coding(value);
        case Kind::other:
            return true;
    }
    return true;
}

// Only 1*DIGIT, and once: where two clients could read two lengths, one of them takes content for a response.
bool ResponseParser::understand_length(std::string_view value) noexcept {
    if (content_length_) return refuse(ResponseError::repeated_content_length);
    content_length_ = text::parse_decimal(value);
    return content_length_ ? true : refuse(ResponseError::bad_content_length);
}

bool ResponseParser::understand_coding(std::string_view value) noexcept {
    if (version_ < http::Version{1, 1}) return refuse(ResponseError::coding_in_1_0);  // RFC 9112 section 6.1
    if (chunked_) return refuse(ResponseError::repeated_coding);
    chunked_ = text::equal_ignoring_case(value, "chunked");
    return chunked_ ? true : refuse(ResponseError::unknown_coding);  // we have not asked for another (RFC 9110 section 10.1.4)
}

bool ResponseParser::finish() noexcept {
    if (content_length_ && chunked_) return refuse(ResponseError::length_with_coding);
    part_ = Part::done;
    return true;
}

http::ReceivedResponse ResponseParser::response(std::string_view gathered, Arena& arena) const {
    const auto view = [&](Span span) { return std::string_view{gathered.data() + span.offset, span.length}; };
    http::ReceivedResponse response{arena};
    response.line = gathered.substr(0, status_line_bytes_);
    response.version = version_;
    response.status = status_;
    constexpr std::size_t reason_at = 13;
    if (response.line.size() > reason_at) response.reason = response.line.substr(reason_at);
    response.content_length = content_length_;
    response.chunked = chunked_;
    response.persistent = !asks_close_ && (version_ >= http::Version{1, 1} || asks_keep_alive_);
    response.fields.reserve(lines_.size());
    for (const Line& line : lines_) {
        std::string_view value = view(line.value);
        if (value.find('\r') != std::string_view::npos) {  // it was folded
            char* const copy = arena.take(value.size());
            std::replace_copy_if(value.begin(), value.end(), copy, [](char c) { return c == '\r' || c == '\n'; }, ' ');
            value = text::trim({copy, value.size()});
        }
        response.fields.add(view(line.name), value);
    }
    return response;
}

Framing framing_of(const http::ReceivedResponse& response, http::Method method) noexcept {
    const bool is_tunnel = response.status == 101 || (method == http::Method::connect && response.status / 100 == 2);
    if (is_tunnel) return Framing::close;
    if (method == http::Method::head || http::is_contentless(response.status)) return Framing::none;
    if (response.chunked) return Framing::chunked;
    return response.content_length ? Framing::length : Framing::close;
}

std::string_view describe(ResponseError error) noexcept {
    switch (error) {
        case ResponseError::not_http:
            return "something that is not HTTP/1";
        case ResponseError::unsupported_version:
            return "a version of HTTP that was not asked for";
        case ResponseError::bad_status:
            return "an invalid status line";
        case ResponseError::bad_line_end:
            return "a bare CR or LF";
        case ResponseError::head_too_large:
            return "too large a head";
        case ResponseError::too_many_fields:
            return "too many field lines";
        case ResponseError::bad_field_name:
            return "an invalid field name";
        case ResponseError::missing_colon:
            return "a field line without a colon";
        case ResponseError::bad_field_value:
            return "an invalid field value";
        case ResponseError::folded:
            return "a continuation line that continues nothing, or a field about the content's end";
        case ResponseError::space_before_colon:
            return "white space before the colon of a field about the content's end";
        case ResponseError::bad_content_length:
            return "an invalid \"Content-Length\"";
        case ResponseError::repeated_content_length:
            return "two \"Content-Length\" fields";
        case ResponseError::length_with_coding:
            return "\"Content-Length\" and \"Transfer-Encoding\" at the same time";
        case ResponseError::unknown_coding:
            return "an unknown \"Transfer-Encoding\"";
        case ResponseError::repeated_coding:
            return "two \"Transfer-Encoding\" fields";
        case ResponseError::coding_in_1_0:
            return "a HTTP/1.0 response with \"Transfer-Encoding\"";
        case ResponseError::too_many_interim:
            return "too many interim responses (1xx)";
    }
    return "an invalid response";
}

}  // namespace webserv::h1
