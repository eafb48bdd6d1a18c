// http/target.hpp: request targets and authorities: split, checked, decoded, normalised, escaped again.
// No I/O: names of files are made elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/arena.hpp"
#include "base/result.hpp"
#include "http/message.hpp"

namespace webserv::http {

/// The parts of a request target; views into it. RFC 9112 section 3.2.
struct Target {
    TargetForm form = TargetForm::origin;
    std::string_view authority;  ///< of absolute- and authority-form
    std::string_view path;       ///< as received; "/" for an absolute target without one, "*" for asterisk-form
    std::string_view query;      ///< without '?', cut at '#'
    bool has_query = false;
};
enum class TargetError : unsigned char { malformed };

/// Splits a target. Refused: controls and spaces (octets above 0x7f are allowed, as in nginx), absolute-form of another scheme
/// than http and https or without a host, asterisk with another method than OPTIONS, authority-form unless CONNECT.
/// The authority is not checked: see parse_authority.
[[nodiscard]] Result<Target, TargetError> parse_target(std::string_view target, Method method);

enum class PathError : unsigned char { bad_escape, nul, above_root };

/// Decodes %XX once, resolves "." and "..", merges "//" if asked: the path that locations are matched against.
///
///     "/a/./b//c/../d%20e" -> "/a/b/d e"        "/.." -> above_root        "/a%2" -> bad_escape
///
/// Gives a view into `raw` if nothing had to change, else into the arena. Always begins with '/', if need be with one added.
/// An escaped slash decodes to a slash and takes part in dot segments, as in nginx.
[[nodiscard]] Result<std::string_view, PathError> normalise_path(std::string_view raw, bool merge_slashes, Arena& arena);

/// Escapes a decoded path for a URI (Location, redirects): what nginx escapes there (controls, space, 0x7f and above and
/// "#%<>?\^`{|} with the double quote), upper-case hex. Gives `path` itself if nothing changes.
[[nodiscard]] std::string_view escape_path(std::string_view path, Arena& arena);

/// A host without port and trailing dot, its letters as received; brackets of an IPv6 literal stay.
struct Authority {
    std::string_view host;
    std::optional<std::uint16_t> port;
};
enum class AuthorityError : unsigned char { malformed };
/// Host field value or authority (RFC 3986 section 3.2.2; userinfo is refused, RFC 9110 section 4.2.4).
/// An empty value gives an empty host.
[[nodiscard]] Result<Authority, AuthorityError> parse_authority(std::string_view value) noexcept;

}  // namespace webserv::http
