// server/virtual_host.hpp: a server block, and the table that finds it by name among those of one listening address.
// Order of names: exact, longest "*.front" wildcard, longest "end.*" wildcard, regexes as written, the default.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/arena.hpp"
#include "config/regex.hpp"
#include "config/settings.hpp"
#include "server/location.hpp"
#include "tls/context.hpp"

namespace webserv::server {

class NamedCertificates;

/// One server_name, as written and as it is looked up.
struct ServerName {
    std::string text;                                         ///< as written, lower-cased unless a regex
    std::shared_ptr<const config::Regex> regex;               ///< of "~..." names
    std::vector<std::pair<int, std::size_t>> named_captures;  ///< variable index, group
    config::Place place;
};

struct VirtualHost {
    std::vector<ServerName> names;
    config::SettingsTable settings;
    LocationLevel locations;
    /// The server itself as a location: its server_rewrite handlers, and all phases when no location matches.
    Location bare;
    std::vector<Handler> post_read_handlers;
    std::vector<Handler> rewrite_handlers;
    std::shared_ptr<const tls::Context> tls;              ///< null: it has no certificate of its own
    std::shared_ptr<NamedCertificates> tls_certificates;  ///< those that each handshake reads; null: there are none
    config::Place place;

    /// $server_name: the first name as written, but "a.b" for ".a.b"; "" if there is none.
    [[nodiscard]] std::string_view first_name() const noexcept {
        const std::string_view name = names.empty() ? std::string_view{} : std::string_view{names.front().text};
        return name.starts_with('.') ? name.substr(1) : name;
    }
    [[nodiscard]] const Location* named_location(std::string_view name) const noexcept;
};

struct TransparentHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};

class NameTable {
public:
    /// Gives the names that were there already, for the warning `conflicting server name "x" on ADDRESS, ignored`.
    [[nodiscard]] std::vector<std::string> add(const VirtualHost& host);

    struct Choice {
        const VirtualHost* host = nullptr;           ///< null: no name fits, take the default
        const ServerName* name = nullptr;            ///< of a regex
        const config::Captures* captures = nullptr;  ///< of a regex
    };
    /// @param host  lower-cased, without port and trailing dot
    [[nodiscard]] Choice find(std::string_view host, Arena& arena) const;

private:
    using Table = std::unordered_map<std::string, const VirtualHost*, TransparentHash, std::equal_to<>>;
    struct RegexName {
        const ServerName* name;
        const VirtualHost* host;
    };
    Table exact_;
    Table front_;  // ".b.c" for "*.b.c"
    Table end_;    // "a.b." for "a.b.*"
    std::vector<RegexName> regexes_;
};

}  // namespace webserv::server
