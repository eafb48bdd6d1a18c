// h1/parser.cpp: line by line: a line is looked at once its end is there, so feeding it in pieces changes nothing.
// Where RFC 9112 lets a server be strict it is: what two parsers may read differently is how requests are smuggled.
#include "h1/parser.hpp"

#include <algorithm>
#include <cstring>

#include "base/text.hpp"
#include "http/octets.hpp"
#include "http/target.hpp"

namespace webserv::h1 {
namespace {

constexpr std::uint8_t blank_lines_max = 8;  // one after a form's content is an old habit (RFC 9112 section 2.2); an endless row is not

// What may stand in a field's name, and which of it needs a closer look.
constexpr unsigned char token = 1;
constexpr unsigned char underscore = 2;
constexpr std::array<unsigned char, 256> name_octets = [] {
    std::array<unsigned char, 256> kinds{};
    for (std::size_t octet = 0; octet < 256; ++octet) kinds[octet] = http::token_octets[octet] ? token : 0;
    kinds['_'] |= underscore;
    return kinds;
}();

std::string_view without_white_space(std::string_view value) noexcept {
    const auto is_white = [](char c) { return c == ' ' || c == '\t'; };
    const char* begin = value.data();
    const char* end = begin + value.size();
    while (begin != end && is_white(*begin)) ++begin;
    while (begin != end && is_white(end[-1])) --end;
    return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

HeadParser::Progress HeadParser::fail(HeadError error) noexcept {
    error_ = error;
    part_ = Part::failed;
    return Progress::failed;
}

bool HeadParser::refuse(HeadError error) noexcept {
    fail(error);
    return false;
}

HeadParser::Progress HeadParser::parse(std::string_view gathered) {
    while (part_ < Part::done) {
        if (part_ == Part::request_line && !is_method_good(gathered)) return Progress::failed;
        const void* const feed =
            searched_ < gathered.size() ? std::memchr(gathered.data() + searched_, '\n', gathered.size() - searched_) : nullptr;
        if (feed == nullptr) {
            searched_ = gathered.size();
            return is_within_limits(gathered.size()) ? Progress::incomplete : Progress::failed;
        }
        const auto end = static_cast<std::size_t>(static_cast<const char*>(feed) - gathered.data()) + 1;
        if (!is_within_limits(end) || !parse_line(gathered, end)) return Progress::failed;
        position_ = searched_ = end;
    }
    return part_ == Part::done ? Progress::complete : Progress::failed;
}

// Looks at the method before its line is complete: who speaks another protocol (TLS, say) may never send a line end.
bool HeadParser::is_method_good(std::string_view gathered) noexcept {
    if (position_ >= gathered.size()) return true;
    if (gathered[position_] == '\n') return refuse(HeadError::bad_line_end);
    if (gathered[position_] == '\r') {  // an empty line, if LF is next
        const bool bare = position_ + 1 < gathered.size() && gathered[position_ + 1] != '\n';
        return bare ? refuse(HeadError::bad_line_end) : true;
    }
    method_end_ = std::max(method_end_, position_);
    const std::size_t last = std::min(gathered.size(), position_ + line_bytes_max_);
    while (method_end_ < last && http::contains(http::method_octets, gathered[method_end_])) ++method_end_;
    if (method_end_ == last) return true;
    return gathered[method_end_] == ' ' && method_end_ > position_ ? true : refuse(HeadError::bad_method);
}

// `received`: where the present line ends, or the octets so far end. The bound that is met first decides.
bool HeadParser::is_within_limits(std::size_t received) noexcept {
    if (received <= position_ + line_bytes_max_ && received <= head_bytes_max_) return true;
    return refuse(part_ == Part::request_line ? HeadError::line_too_long : HeadError::fields_too_large);
}

// The line from position_ to `end`, its LF included.
bool HeadParser::parse_line(std::string_view gathered, std::size_t end) {
    const char* const line = gathered.data() + position_;
    const std::size_t before_feed = end - position_ - 1;
    const bool has_return = before_feed > 0 && line[before_feed - 1] == '\r';
    const std::string_view text{line, has_return ? before_feed - 1 : before_feed};
    if (part_ == Part::field_lines && has_return) return text.empty() ? finish() : parse_field_line(gathered, text);
    if (part_ == Part::request_line && !(has_return && text.empty())) {
        request_line_ = {static_cast<std::uint32_t>(position_), static_cast<std::uint32_t>(before_feed)};
    }
    if (!has_return) return refuse(HeadError::bad_line_end);
    if (!text.empty()) return parse_request_line(gathered, text);
    return ++blank_lines_ > blank_lines_max ? refuse(HeadError::too_many_blank_lines) : true;
}

bool HeadParser::parse_request_line(std::string_view gathered, std::string_view line) {
    const auto span = [&](std::string_view part) {
        return Span{static_cast<std::uint32_t>(part.data() - gathered.data()), static_cast<std::uint32_t>(part.size())};
    };
    request_line_ = span(line);
    const std::size_t first_space = line.find(' ');  // is_method_good() has seen what stands before
    if (first_space == std::string_view::npos) return refuse(HeadError::bad_method);
    const std::string_view method = line.substr(0, first_space);
    method_name_ = span(method);
    method_ = http::method_of(method);

    // Exactly one space on either side of the target: RFC 9112 section 3 lets us refuse more.
    const std::size_t second_space = line.find(' ', first_space + 1);
    const std::string_view target = line.substr(first_space + 1, second_space - first_space - 1);
    if (!parse_target(gathered, target)) return false;
    if (second_space == std::string_view::npos) return refuse(HeadError::bad_version);  // HTTP/0.9
    if (!parse_version(line.substr(second_space + 1))) return false;
    part_ = Part::field_lines;
    return true;
}

bool HeadParser::parse_target(std::string_view gathered, std::string_view target) {
    const auto parsed = http::parse_target(target, method_);
    if (!parsed) return refuse(HeadError::bad_target);
    if (parsed->form != http::TargetForm::origin && !parse_authority(gathered, parsed->authority)) return false;
    const auto span = [&](std::string_view part) {
        if (part.empty()) return Span{};
        return Span{static_cast<std::uint32_t>(part.data() - gathered.data()), static_cast<std::uint32_t>(part.size())};
    };
    form_ = parsed->form;
    has_query_ = parsed->has_query;
    target_ = span(target);
    const bool inside = parsed->path.data() >= target.data() && parsed->path.data() < target.data() + target.size();
    literal_path_ = !parsed->path.empty() && !inside;
    if (!literal_path_) path_ = span(parsed->path);
    query_ = span(parsed->query);
    return true;
}

bool HeadParser::parse_authority(std::string_view gathered, std::string_view text) {
    const auto authority = http::parse_authority(text);
    if (!authority) return refuse(HeadError::bad_host);
    if (text.empty()) return true;
    authority_ = {static_cast<std::uint32_t>(text.data() - gathered.data()), static_cast<std::uint32_t>(text.size())};
    host_ = {authority_.offset, static_cast<std::uint32_t>(authority->host.size())};  // it begins where the authority begins
    return true;
}

bool HeadParser::parse_version(std::string_view version) noexcept {
    const bool good = version.size() == 8 && version.starts_with("HTTP/") && text::is_digit(version[5]) && version[6] == '.' &&
                      text::is_digit(version[7]);
    if (!good || version[5] == '0') return refuse(HeadError::bad_version);
    if (version[5] != '1') return refuse(HeadError::unsupported_version);
    version_ = {1, static_cast<std::uint8_t>(version[7] - '0')};
    return true;
}

bool HeadParser::parse_field_line(std::string_view gathered, std::string_view line) {
    if (line[0] == ' ' || line[0] == '\t') return refuse(HeadError::obsolete_fold);
    if (lines_ + dropped_lines_ >= field_lines_max_) return refuse(HeadError::too_many_fields);
    const char* next = line.data();
    unsigned seen = 0;
    while (const unsigned kind = name_octets[static_cast<unsigned char>(*next)]) {  // at the latest CR ends the name
        seen |= kind;
        ++next;
    }
    const auto colon = static_cast<std::size_t>(next - line.data());
    if (colon == line.size()) return refuse(HeadError::missing_colon);
    if (line[colon] == ' ' || line[colon] == '\t') return refuse(HeadError::space_before_colon);
    if (line[colon] != ':' || colon == 0) return refuse(HeadError::bad_field_name);

    const std::string_view value = without_white_space(line.substr(colon + 1));
    if (!http::is_field_value(value)) {
        return refuse(value.find('\r') == std::string_view::npos ? HeadError::bad_field_value : HeadError::bad_line_end);
    }
    if ((seen & underscore) != 0 && !takes_underscores_) {  // a CGI could not tell "A_B" from "A-B"
        ++dropped_lines_;
        return true;
    }
    const Line kept{{static_cast<std::uint32_t>(position_), static_cast<std::uint32_t>(colon)},
                    {static_cast<std::uint32_t>(value.data() - gathered.data()), static_cast<std::uint32_t>(value.size())}};
    if (lines_ < inline_lines) {
        first_lines_[lines_] = kept;
    } else {
        more_lines_.push_back(kept);
    }
    ++lines_;
    return understand(line.substr(0, colon), value, kept.value);
}

// The few fields that decide about framing and the connection. Sizes and first letters tell most others apart.
bool HeadParser::understand(std::string_view name, std::string_view value, Span value_span) {
    const auto is = [&](std::string_view lower) { return (name[0] | 0x20) == lower[0] && text::equal_ignoring_case(name, lower); };
    switch (name.size()) {
        case 4:
            return is("host") ? understand_host(value, value_span) : true;
        case 6:
            return is("expect") ? understand_expectation(value) : true;
        case 10:
            if (is("connection")) {
                asks_close_ = asks_close_ || http::has_token(value, "close");
                asks_keep_alive_ = asks_keep_alive_ || http::has_token(value, "keep-alive");
            }
            return true;
        case 14:
            return is("content-length") ? understand_length(value) : true;
        case 17:
            return is("transfer-encoding") ? understand_coding(value) : true;
        default:
            return true;
    }
}

bool HeadParser::understand_host(std::string_view value, Span value_span) noexcept {
    if (has_host_) return refuse(HeadError::repeated_host);
    has_host_ = true;
    const auto authority = http::parse_authority(value);
    if (!authority || value.empty()) return refuse(HeadError::bad_host);
    if (form_ == http::TargetForm::origin ||
        form_ == http::TargetForm::asterisk) {  // that of the target itself wins: RFC 9112 section 3.2.2
        authority_ = value_span;
        host_ = {value_span.offset, static_cast<std::uint32_t>(authority->host.size())};  // it begins where the value begins
    }
    return true;
}

// Only 1*DIGIT, and once: RFC 9112 section 6.3 would let equal repetitions pass, others downstream may not agree.
bool HeadParser::understand_length(std::string_view value) noexcept {
    if (content_length_) return refuse(HeadError::repeated_content_length);
    content_length_ = text::parse_decimal(value);
    return content_length_ ? true : refuse(HeadError::bad_content_length);
}

bool HeadParser::understand_coding(std::string_view value) noexcept {
    if (version_ < http::Version{1, 1}) return refuse(HeadError::coding_in_1_0);  // RFC 9112 section 6.1
    if (chunked_ || unknown_coding_) return refuse(HeadError::repeated_coding);
    chunked_ = text::equal_ignoring_case(value, "chunked");
    unknown_coding_ = !chunked_;
    return true;
}

bool HeadParser::understand_expectation(std::string_view value) noexcept {
    if (version_ < http::Version{1, 1}) return true;  // RFC 9110 section 10.1.1: ignored from 1.0
    expects_continue_ = text::equal_ignoring_case(value, "100-continue");
    return expects_continue_ ? true : refuse(HeadError::unknown_expectation);
}

// The empty line: what only the whole head can tell.
bool HeadParser::finish() noexcept {
    const bool modern = version_ >= http::Version{1, 1};
    if (modern && !has_host_) return refuse(HeadError::missing_host);
    if (content_length_ && (chunked_ || unknown_coding_)) return refuse(HeadError::length_with_coding);
    if (unknown_coding_) return refuse(HeadError::unknown_coding);
    part_ = Part::done;
    return true;
}

const HeadParser::Line& HeadParser::line_at(std::size_t index) const noexcept {
    return index < inline_lines ? first_lines_[index] : more_lines_[index - inline_lines];
}

std::string_view HeadParser::request_line(std::string_view gathered) const noexcept {
    if (request_line_.length > 0) {
        const std::string_view line = gathered.substr(request_line_.offset, request_line_.length);
        return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
    }
    const std::string_view line = gathered.substr(std::min(position_, gathered.size()));
    return line.substr(0, line.find_first_of("\r\n"));
}

void HeadParser::fill(http::Request& request, std::string_view gathered) const {
    const auto view = [&](Span span) { return std::string_view{gathered.data() + span.offset, span.length}; };
    request.line = view(request_line_);
    request.method_name = view(method_name_);
    request.method = method_;
    request.target = view(target_);
    request.form = form_;
    request.path = literal_path_ ? std::string_view{"/"} : view(path_);
    request.query = view(query_);
    request.has_query = has_query_;
    request.authority = view(authority_);
    request.host = view(host_);
    request.version = version_;
    request.content_length = content_length_;
    request.chunked = chunked_;
    request.persistent = !asks_close_ && (version_ >= http::Version{1, 1} || asks_keep_alive_);
    request.expects_continue = expects_continue_;
    request.fields.reserve(lines_);
    for (std::size_t index = 0; index < lines_; ++index) {
        const Line& line = line_at(index);
        request.fields.add(view(line.name), view(line.value));
    }
}

}  // namespace webserv::h1
