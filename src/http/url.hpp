// http/url.hpp: an absolute URL taken apart, and references resolved against one (RFC 3986 sections 3 and 5.2, RFC 9110 section 4.2).
// For clients: what a person typed, and what a Location field says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace webserv::http {

/// A user's name and password, decoded, as they may stand before the host.
struct UserInformation {
    std::string user;
    std::string password;
    bool operator==(const UserInformation&) const = default;
};

struct Url {
    std::string scheme;  ///< in lower case
    std::optional<UserInformation> user_information;
    std::string host;        ///< in lower case; an IPv6 address keeps its brackets
    std::uint16_t port = 0;  ///< 0: not said, and the scheme's own is not known
    std::string target;  ///< path and query, as a request line has them: dot segments resolved, escaped, never empty, without a fragment

    [[nodiscard]] std::string authority() const;  ///< the host, and the port if it is not the scheme's own: a Host field's value
    [[nodiscard]] std::string text() const;       ///< the URL again, without user and fragment
    [[nodiscard]] bool is_same_origin(const Url& other) const noexcept;  ///< scheme, host and port
    bool operator==(const Url&) const = default;
};

enum class UrlError : unsigned char {
    no_scheme,
    bad_scheme,  ///< not one of http, https, ftp ...: not even a name
    bad_user_information,
    bad_host,
    bad_port,
    bad_octet,  ///< a space or a control; in a URL they are escaped
};
[[nodiscard]] std::string_view describe(UrlError error) noexcept;

/// "http://user:password@host:81/path?query#fragment". Any scheme: who speaks it is the caller's business. Octets above 0x7f
/// are escaped.
[[nodiscard]] Result<Url, UrlError> parse_url(std::string_view text);

/// What `reference` (a Location field's value) means in a document at `base`. Spaces in it are escaped, as browsers do.
[[nodiscard]] Result<Url, UrlError> resolve_url(const Url& base, std::string_view reference);

/// RFC 3986 section 5.2.4; escaped dots stay as they are.
[[nodiscard]] std::string remove_dot_segments(std::string_view path);

}  // namespace webserv::http
