// http/url.cpp: strict about scheme and authority, which decide who is asked; the rest is escaped where it has to be.
// "http://one@two" is a user at two, and nothing may read it otherwise: an odd octet before the host is an error.
#include "http/url.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "http/target.hpp"

namespace webserv::http {
namespace {

struct KnownPort {
    std::string_view scheme;
    std::uint16_t port;
};
constexpr std::array<KnownPort, 5> known_ports{{{"http", 80}, {"https", 443}, {"ftp", 21}, {"ws", 80}, {"wss", 443}}};

std::uint16_t port_of(std::string_view scheme) noexcept {
    const auto* const found =
        std::find_if(known_ports.begin(), known_ports.end(), [&](const KnownPort& known) { return known.scheme == scheme; });
    return found == known_ports.end() ? std::uint16_t{0} : found->port;
}

bool is_scheme(std::string_view text) noexcept {
    const auto fits = [](char c) { return text::is_alpha(c) || text::is_digit(c) || c == '+' || c == '-' || c == '.'; };
    return !text.empty() && text::is_alpha(text[0]) && std::all_of(text.begin(), text.end(), fits);
}

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Octets that no URL has are escaped: those above 0x7f, spaces, and the ASCII that RFC 3986 leaves out.
void append_escaped(std::string& into, std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char c : text) {
        const auto octet = static_cast<unsigned char>(c);
        if (octet > 0x20 && octet < 0x7f && std::string_view{"\"<>\\^`{|}"}.find(c) == std::string_view::npos) {
            into += c;
        } else {
            into += '%';
            into += digits[octet >> 4];
            into += digits[octet & 15];
        }
    }
}

// Path and query as a target.
std::string target_of(std::string_view path, std::optional<std::string_view> query) {
    std::string target;
    append_escaped(target, path.empty() ? "/" : path);
    if (query) {
        target += '?';
        append_escaped(target, *query);
    }
    return target;
}

/// Cuts what begins with `mark` off the end of `text`.
std::optional<std::string_view> cut(std::string_view& text, char mark) noexcept {
    const std::size_t at = text.find(mark);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view tail = text.substr(at + 1);
    text = text.substr(0, at);
    return tail;
}

std::optional<std::string> unescaped(std::string_view text) {
    std::string decoded;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c != '%') {
            // RFC 3986 section 3.2.1: unreserved, sub-delims, ":"
            const bool fits =
                text::is_alpha(c) || text::is_digit(c) || std::string_view{"-._~!$&'()*+,;=:"}.find(c) != std::string_view::npos;
            if (!fits) return std::nullopt;
            decoded += c;
            continue;
        }
        const int high = at + 2 < text.size() ? text::hex_value(text[at + 1]) : -1;
        const int low = at + 2 < text.size() ? text::hex_value(text[at + 2]) : -1;
        if (high < 0 || low < 0) return std::nullopt;
        decoded += static_cast<char>(high * 16 + low);
        at += 2;
    }
    return decoded;
}

std::optional<UserInformation> parse_user_information(std::string_view text) {
    const auto password = cut(text, ':');
    auto user = unescaped(text);
    auto secret = unescaped(password.value_or(std::string_view{}));
    if (!user || !secret || user->find(':') != std::string::npos) return std::nullopt;  // Basic could not carry that name
    return UserInformation{.user = std::move(*user), .password = std::move(*secret)};
}

std::optional<UrlError> parse_authority_into(Url& url, std::string_view authority) {
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
        url.user_information = parse_user_information(authority.substr(0, at));
        if (!url.user_information) return UrlError::bad_user_information;
        authority.remove_prefix(at + 1);
    }
    const std::size_t bracket = authority.starts_with('[') ? authority.find(']') : 0;
    const std::size_t colon = authority.find(':', std::min(bracket, authority.size()));
    const bool has_port = colon != std::string_view::npos;
    const std::string_view host = has_port ? authority.substr(0, colon) : authority;
    // RFC 3986 lets names be escaped; nobody writes them so but to mislead.
    if (host.empty() || host.find('%') != std::string_view::npos || !parse_authority(host)) return UrlError::bad_host;
    url.host = text::lower(host);
    url.port = port_of(url.scheme);
    const std::string_view digits = has_port ? authority.substr(colon + 1) : std::string_view{};
    if (!digits.empty()) {
        const auto port = text::parse_decimal(digits);
        if (!port || *port == 0 || *port > 65535) return UrlError::bad_port;
        url.port = static_cast<std::uint16_t>(*port);
    }
    return std::nullopt;
}

// What stands behind "scheme:" of an absolute URL.
Result<Url, UrlError> parse_hierarchy(std::string scheme, std::string_view text) {
    if (!text.starts_with("//")) return std::unexpected{UrlError::bad_host};
    text.remove_prefix(2);
    (void)cut(text, '#');
    const std::size_t end = std::min(text.find_first_of("/?"), text.size());
    Url url;
    url.scheme = std::move(scheme);
    if (const auto error = parse_authority_into(url, text.substr(0, end))) return std::unexpected{*error};
    std::string_view path = text.substr(end);
    const auto query = cut(path, '?');
    url.target = target_of(remove_dot_segments(path), query);
    return url;
}

// "scheme" of "scheme:...", if it is one; a colon further on belongs to something else.
std::optional<std::string_view> scheme_in(std::string_view text) noexcept {
    const std::size_t end = text.find_first_of(":/?#");
    if (end == std::string_view::npos || text[end] != ':' || !is_scheme(text.substr(0, end))) return std::nullopt;
    return text.substr(0, end);
}

}  // namespace

std::string Url::authority() const { return port == port_of(scheme) ? host : host + ":" + std::to_string(port); }

std::string Url::text() const { return scheme + "://" + authority() + target; }

bool Url::is_same_origin(const Url& other) const noexcept { return scheme == other.scheme && host == other.host && port == other.port; }

Result<Url, UrlError> parse_url(std::string_view text) {
    const auto is_no_part = [](char c) { return is_control(c) || c == ' '; };
    if (std::any_of(text.begin(), text.end(), is_no_part)) return std::unexpected{UrlError::bad_octet};
    const auto scheme = scheme_in(text);
    if (!scheme) return std::unexpected{text.find("://") == std::string_view::npos ? UrlError::no_scheme : UrlError::bad_scheme};
    return parse_hierarchy(text::lower(*scheme), text.substr(scheme->size() + 1));
}

Result<Url, UrlError> resolve_url(const Url& base, std::string_view reference) {
    if (std::any_of(reference.begin(), reference.end(), is_control)) return std::unexpected{UrlError::bad_octet};
    if (const auto scheme = scheme_in(reference)) return parse_hierarchy(text::lower(*scheme), reference.substr(scheme->size() + 1));
    if (reference.starts_with("//")) return parse_hierarchy(base.scheme, reference);
    Url url = base;
    (void)cut(reference, '#');
    auto query = cut(reference, '?');
    std::string_view base_path = base.target;
    const auto base_query = cut(base_path, '?');
    if (reference.starts_with('/')) {
        url.target = target_of(remove_dot_segments(reference), query);
    } else if (!reference.empty()) {
        const std::string merged = std::string{base_path.substr(0, base_path.rfind('/') + 1)}.append(reference);
        url.target = target_of(remove_dot_segments(merged), query);
    } else {
        if (!query) query = base_query;
        url.target = target_of(base_path, query);
    }
    return url;
}

std::string remove_dot_segments(std::string_view path) {
    std::string output;
    while (path.starts_with('/')) {
        const std::size_t end = std::min(path.find('/', 1), path.size());
        const std::string_view segment = path.substr(0, end);
        path.remove_prefix(end);
        if (segment == "/." || segment == "/..") {
            if (segment == "/..") output.erase(output.rfind('/') == std::string::npos ? 0 : output.rfind('/'));
            if (path.empty()) output += '/';
        } else {
            output += segment;
        }
    }
    return output.append(path);
}

std::string_view describe(UrlError error) noexcept {
    switch (error) {
        case UrlError::no_scheme:
            return "it does not begin with a scheme, as in http://";
        case UrlError::bad_scheme:
            return "its scheme is not a name";
        case UrlError::bad_user_information:
            return "what stands before the @ is not USER:PASSWORD; escape odd characters as %XX";
        case UrlError::bad_host:
            return "it has no valid host";
        case UrlError::bad_port:
            return "its port is not a number from 1 to 65535";
        case UrlError::bad_octet:
            return "it has a space or a control character; write %20 for a space";
    }
    return "it is malformed";
}

}  // namespace webserv::http
