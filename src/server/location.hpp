// server/location.hpp: the locations of a server, and which of them a path belongs to.
// nginx's rules: an exact name ends the search; else regexes in order, unless the longest prefix says ^~; else that prefix.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "config/regex.hpp"
#include "config/settings.hpp"
#include "config/syntax.hpp"
#include "server/module.hpp"

namespace webserv::observe {
class Log;
class Trace;
}  // namespace webserv::observe

namespace webserv::server {

struct CoreSettings;
struct Location;

/// The locations at one level: of a server, or nested in another location. Complete after index().
class LocationLevel {
public:
    LocationLevel();
    LocationLevel(LocationLevel&&) noexcept;
    LocationLevel& operator=(LocationLevel&&) noexcept;
    ~LocationLevel();

    /// Errors: nothing is given if the same name with the same weight stands here already.
    [[nodiscard]] bool add(std::unique_ptr<Location> location);
    void index();  ///< sorts; once all are added, also in the nested levels
    [[nodiscard]] const std::vector<std::unique_ptr<Location>>& all() const noexcept { return all_; }

    /// A regex location that matched on the way down.
    struct Match {
        const Location* location;
        const config::Captures* captures;
        const Match* inner;  ///< of a location nested in it; null: this is the last
    };
    struct Choice {
        const Location* location = nullptr;          ///< null: the bare server
        const config::Captures* captures = nullptr;  ///< of the innermost regex: $1..$9
        bool redirect_to_slash = false;              ///< answer 301 to the location's name, which is the path plus "/"
        const Match* matches = nullptr;              ///< every regex that matched, outermost first: all their names hold
    };
    [[nodiscard]] Choice choose(std::string_view path, Arena& arena, observe::Trace* trace) const;

private:
    struct Found {
        Choice choice;
        bool final = false;  // exact or regex: the search is over
    };
    struct Prefix {
        Location* location;
        int shorter;  // index of the longest other prefix that this one begins with; -1: none
    };
    [[nodiscard]] Found search(std::string_view path, Arena& arena, observe::Trace* trace) const;
    [[nodiscard]] const Location* exact(std::string_view path) const noexcept;
    [[nodiscard]] const Location* with_slash(std::string_view path) const noexcept;
    [[nodiscard]] const Location* longest_prefix(std::string_view path) const noexcept;

    std::vector<std::unique_ptr<Location>> all_;
    std::vector<Location*> exact_;        // sorted by name
    std::vector<Prefix> prefixes_;        // sorted by name
    std::vector<Location*> regexes_;      // in the order written
    std::vector<Location*> redirecting_;  // "/x/" with slash_redirect, sorted by "/x"
};

struct Location {
    enum class Kind : unsigned char { prefix, final_prefix, exact, regex, named };  ///< "/x", "^~ /x", "= /x", "~ x", "@x"

    Kind kind = Kind::prefix;
    std::string name;  ///< literal, pattern, or "@x"
    std::optional<config::Regex> regex;
    std::vector<std::pair<int, std::size_t>> named_captures;  ///< variable index, group
    bool slash_redirect = false;                              ///< a passing handler answers here: "/x" is redirected to "/x/"
    config::Place place;                                      ///< of the directive, for explanations

    config::SettingsTable settings;
    const CoreSettings* core = nullptr;  ///< of the settings: looked at most. From compilation on
    std::vector<Handler> handlers;       ///< those that are wanted here, by phase
    std::vector<Filter> filters;
    std::shared_ptr<const observe::Log> log;
    LocationLevel nested;
};

}  // namespace webserv::server
