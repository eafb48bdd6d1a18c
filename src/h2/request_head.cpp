// h2/request_head.cpp: pseudo-fields first, then fields; what HTTP/1 says about a connection has no place here.
// Whatever is malformed is kept from the server: it resets the stream.
#include "h2/request_head.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.hpp"
#include "http/octets.hpp"
#include "http/target.hpp"

namespace webserv::h2 {
namespace {

constexpr std::size_t line_overhead_bytes = 32;  // RFC 9113 section 6.5.2
// A list so much larger than what it may be was made by repeating a large line of the dynamic table: no client needs that.
constexpr std::size_t excess_factor_max = 8;

constexpr http::OctetSet name_octets = [] {
    http::OctetSet set = http::token_octets;
    for (int c = 'A'; c <= 'Z'; ++c) set[static_cast<std::size_t>(c)] = false;
    return set;
}();

bool is_space(char c) noexcept { return c == ' ' || c == '\t'; }

bool is_name(std::string_view name) noexcept {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return http::contains(name_octets, c); });
}

bool is_value(std::string_view value) noexcept {
    if (value.empty()) return true;
    if (is_space(value.front()) || is_space(value.back())) return false;  // section 8.2.1
    value.remove_prefix(text::plain_octets(value));                       // most are nothing else
    return std::all_of(value.begin(), value.end(), http::is_value_octet);
}

// RFC 3986 section 3.1.
bool is_scheme(std::string_view text) noexcept {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const auto may_follow = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'; };
    return !text.empty() && is_letter(text.front()) && std::all_of(text.begin(), text.end(), may_follow);
}

}  // namespace

bool is_about_connection(std::string_view name) noexcept {
    switch (name.size()) {
        case 7:
            return name == "upgrade";
        case 10:
            return name == "connection" || name == "keep-alive";
        case 16:
            return name == "proxy-connection";
        case 17:
            return name == "transfer-encoding";
        default:
            return false;
    }
}

bool RequestHead::take(std::string_view name, std::string_view value) {
    const std::size_t bytes = name.size() + value.size();
    bytes_ += bytes + line_overhead_bytes;
    if (!name.starts_with(':') || name == ":authority") ++lines_;  // as many as in HTTP/1, where Host is one
    if (bytes_ > excess_factor_max * limits_.bytes_max) return false;
    if (name.empty()) fail("client sent invalid header name");
    if (malformed_) return true;
    if (bytes_ > limits_.bytes_max || bytes > limits_.line_bytes_max) {
        refuse(494, "client sent too large header field");
        if (!name.starts_with(':') || bytes > limits_.bytes_max) return true;  // the pseudo-fields are for the log
    }
    if (lines_ > limits_.lines_max) {
        refuse(400, "client sent too many header lines");
        return true;
    }
    char* const memory = arena_.take(bytes);
    std::memcpy(memory, name.data(), name.size());
    if (!value.empty()) std::memcpy(memory + name.size(), value.data(), value.size());
    name = {memory, name.size()};
    value = {memory + name.size(), value.size()};
    if (name.starts_with(':')) {
        take_pseudo(name, value);
    } else {
        take_field(name, value);
    }
    return true;
}

void RequestHead::take_pseudo(std::string_view name, std::string_view value) {
    if (has_fields_) return fail("client sent pseudo-header after header");
    if (!is_value(value)) return fail("client sent invalid pseudo-header");
    const auto set = [&](std::string_view& member) {
        if (!member.empty() || value.empty()) return fail("client sent duplicate or empty pseudo-header");
        member = value;
    };
    if (name == ":method") return set(request_.method_name);
    if (name == ":path") return set(request_.target);
    if (name == ":scheme") return set(scheme_);
    if (name != ":authority") return fail("client sent unknown pseudo-header");
    if (has_authority_) return fail("client sent duplicate \":authority\"");
    has_authority_ = true;
    authority_ = value;
}

void RequestHead::take_field(std::string_view name, std::string_view value) {
    has_fields_ = true;
    if (!is_name(name)) return fail("client sent invalid header name");
    if (!is_value(value)) return fail("client sent invalid header value");
    if (is_about_connection(name)) return fail("client sent a header about the connection");
    if (!limits_.takes_underscores && name.find('_') != name.npos) return;
    understand(name, value);
    if (name == "cookie") return crumbs_.push_back(value);
    request_.fields.add(name, value);
}

void RequestHead::understand(std::string_view name, std::string_view value) {
    switch (name.size()) {
        case 2:
            if (name == "te" && !text::equal_ignoring_case(value, "trailers")) fail("client sent invalid \"TE\" header");
            break;
        case 4:
            if (name != "host") break;
            if (has_host_) fail("client sent duplicate \"Host\" header");
            has_host_ = true;
            host_ = value;
            break;
        case 6:
            if (name != "expect") break;
            request_.expects_continue = text::equal_ignoring_case(value, "100-continue");
            if (!request_.expects_continue) refuse(417, "client sent an unknown expectation");
            break;
        case 8:
            if (name == "priority") priority_ = value;
            break;
        case 14:
            if (name == "content-length") understand_length(value);
            break;
        default:
            break;
    }
}

void RequestHead::understand_length(std::string_view value) {
    if (request_.content_length) return fail("client sent duplicate \"Content-Length\" header");
    request_.content_length = text::parse_decimal(value);
    if (!request_.content_length) fail("client sent invalid \"Content-Length\" header");
}

// Cookies may come one by one, for the sake of compression; whoever reads them expects one line (section 8.2.3).
std::string_view RequestHead::cookies() { return crumbs_.size() == 1 ? crumbs_.front() : arena_.join(crumbs_, "; "); }

void RequestHead::refuse(int status, std::string_view complaint) noexcept {
    if (status_ != 0 || malformed_) return;
    status_ = status;
    complaint_ = complaint;
}

bool RequestHead::understand_target() {
    using http::Method;
    request_.method = http::method_of(request_.method_name);
    const bool plain = std::all_of(request_.method_name.begin(), request_.method_name.end(),
                                   [](char c) { return http::contains(http::method_octets, c); });
    if (!plain || request_.method_name.empty()) return false;
    if (request_.method == Method::connect) {
        if (!request_.target.empty() || !scheme_.empty() || authority_.empty()) return false;  // section 8.5
        request_.target = authority_;
    } else if (!is_scheme(scheme_) || request_.target.empty() || (request_.target[0] != '/' && request_.target != "*")) {
        return false;
    }
    const auto target = http::parse_target(request_.target, request_.method);
    if (!target) return false;
    request_.form = target->form;
    request_.path = target->path;
    request_.query = target->query;
    request_.has_query = target->has_query;
    return true;
}

bool RequestHead::understand_authority() {
    // Two that disagree would be taken for one by some and for the other by others (section 8.3.1).
    if (has_authority_ && has_host_ && !text::equal_ignoring_case(authority_, host_)) return false;
    request_.authority = has_authority_ ? authority_ : host_;
    if (request_.authority.empty()) {
        refuse(400, "client sent neither \":authority\" nor \"Host\" header");
        return true;
    }
    const auto authority = http::parse_authority(request_.authority);
    if (!authority) return false;
    request_.host = authority->host;
    if (!has_host_) request_.fields.add("host", request_.authority);
    return true;
}

RequestHead::Verdict RequestHead::finish(bool ends_stream) {
    request_.version = {2, 0};
    request_.persistent = true;
    if (!malformed_) {
        const bool whole = status_ == 0;  // of a head that was refused, lines may be missing
        if (!understand_target() && whole) fail("client sent invalid \":method\", \":scheme\" or \":path\"");
        if (!understand_authority() && whole) fail("client sent invalid host");
    }
    if (ends_stream) {
        if (request_.content_length.value_or(0) > 0) fail("client sent no content where it announced some");
        request_.expects_continue = false;
    } else if (!request_.content_length) {
        request_.chunked = true;  // of unknown length, which is what the server asks
    }
    if (malformed_) return Verdict::malformed;
    if (!crumbs_.empty()) request_.fields.add("cookie", cookies());
    request_.line = arena_.join(arena_.join(request_.method_name, " "), arena_.join(request_.target, " HTTP/2.0"));
    return status_ != 0 ? Verdict::refused : Verdict::good;
}

std::string_view complaint_about_trailer(std::string_view name, std::string_view value) noexcept {
    if (name.starts_with(':')) return "client sent a pseudo-header in a trailer section";
    if (!is_name(name) || !is_value(value) || is_about_connection(name)) return "client sent an invalid trailer";
    return {};
}

}  // namespace webserv::h2
