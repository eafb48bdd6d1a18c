// server/location.cpp: longest prefix by binary search, then regexes.
// Levels nest, and each is searched by the same rules.
#include "server/location.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "observe/trace.hpp"

namespace webserv::server {
namespace {

void note(observe::Trace* trace, std::string_view what, const Location& location) {
    if (trace == nullptr) return;
    trace->note(fmt::format("{} \"{}\"", what, location.name), location.place.file ? location.place.file->path : "", location.place.line);
}

bool clashes(const Location& a, const Location& b) {
    const auto weight = [](Location::Kind kind) { return kind == Location::Kind::final_prefix ? Location::Kind::prefix : kind; };
    return weight(a.kind) == weight(b.kind) && a.name == b.name && a.kind != Location::Kind::regex;
}

std::string_view without_slash(const Location& location) { return std::string_view{location.name}.substr(0, location.name.size() - 1); }

bool by_name(const Location* a, const Location* b) { return a->name < b->name; }

}  // namespace

const Location& Location::for_method(std::string_view method) const noexcept {
    if (!limited || std::find(unlimited_methods.begin(), unlimited_methods.end(), method) != unlimited_methods.end()) return *this;
    return *limited;
}

LocationLevel::LocationLevel() = default;
LocationLevel::LocationLevel(LocationLevel&&) noexcept = default;
LocationLevel& LocationLevel::operator=(LocationLevel&&) noexcept = default;
LocationLevel::~LocationLevel() = default;

bool LocationLevel::add(std::unique_ptr<Location> location) {
    for (const auto& other : all_) {
        if (clashes(*other, *location)) return false;
    }
    all_.push_back(std::move(location));
    return true;
}

void LocationLevel::index() {
    std::vector<Location*> prefixes;
    for (const auto& location : all_) {
        location->nested.index();
        const bool literal = location->kind != Location::Kind::regex && location->kind != Location::Kind::named;
        if (literal && location->slash_redirect && location->name.ends_with('/')) redirecting_.push_back(location.get());
        switch (location->kind) {
            case Location::Kind::exact:
                exact_.push_back(location.get());
                break;
            case Location::Kind::regex:
                regexes_.push_back(location.get());
                break;
            case Location::Kind::prefix:
            case Location::Kind::final_prefix:
                prefixes.push_back(location.get());
                break;
            case Location::Kind::named:
                break;  // reached by name only
        }
    }
    std::sort(exact_.begin(), exact_.end(), by_name);
    std::sort(redirecting_.begin(), redirecting_.end(),
              [](const Location* a, const Location* b) { return without_slash(*a) < without_slash(*b); });
    std::sort(prefixes.begin(), prefixes.end(), by_name);
    for (Location* location : prefixes) {
        // In sorted order the longest name that this one begins with is the one before it, or a name that one begins with.
        int shorter = static_cast<int>(prefixes_.size()) - 1;
        while (shorter >= 0 && !location->name.starts_with(prefixes_[static_cast<std::size_t>(shorter)].location->name)) {
            shorter = prefixes_[static_cast<std::size_t>(shorter)].shorter;
        }
        prefixes_.push_back({location, shorter});
    }
}

LocationLevel::Choice LocationLevel::choose(std::string_view path, Arena& arena, observe::Trace* trace) const {
    return search(path, arena, trace).choice;
}

LocationLevel::Found LocationLevel::search(std::string_view path, Arena& arena, observe::Trace* trace) const {
    if (const Location* const location = exact(path)) {
        note(trace, "exact location", *location);
        return {{.location = location}, true};
    }
    const Location* const prefix = longest_prefix(path);
    const bool is_path_itself = prefix != nullptr && prefix->name.size() == path.size();
    if (const Location* const location = is_path_itself ? nullptr : with_slash(path)) {
        note(trace, "location with a slash more", *location);
        return {{.location = location, .redirect_to_slash = true}, true};
    }
    Found best;
    if (prefix != nullptr) {
        note(trace, "longest prefix", *prefix);
        best = prefix->nested.search(path, arena, trace);
        if (best.final) return best;
        if (best.choice.location == nullptr) best.choice.location = prefix;
        // Only this level's own ^~ keeps this level's regexes from being tried; a nested one does not.
        if (prefix->kind == Location::Kind::final_prefix) return best;
    }
    for (const Location* const location : regexes_) {
        const config::Captures* const captures = location->regex->match(path, arena);
        if (captures == nullptr) {
            note(trace, "no match for regex", *location);
            continue;
        }
        note(trace, "regex location", *location);
        Found nested = location->nested.search(path, arena, trace);
        if (nested.choice.location == nullptr) nested.choice.location = location;
        if (nested.choice.captures == nullptr) nested.choice.captures = captures;
        nested.choice.matches = new (arena.take(sizeof(Match), alignof(Match))) Match{location, captures, nested.choice.matches};
        nested.final = true;
        return nested;
    }
    return best;
}

const Location* LocationLevel::exact(std::string_view path) const noexcept {
    const auto found = std::lower_bound(exact_.begin(), exact_.end(), path,
                                        [](const Location* location, std::string_view wanted) { return location->name < wanted; });
    return found != exact_.end() && (*found)->name == path ? *found : nullptr;
}

const Location* LocationLevel::with_slash(std::string_view path) const noexcept {
    const auto found =
        std::lower_bound(redirecting_.begin(), redirecting_.end(), path,
                         [](const Location* location, std::string_view wanted) { return without_slash(*location) < wanted; });
    return found != redirecting_.end() && without_slash(**found) == path ? *found : nullptr;
}

const Location* LocationLevel::longest_prefix(std::string_view path) const noexcept {
    const auto after = std::upper_bound(prefixes_.begin(), prefixes_.end(), path,
                                        [](std::string_view wanted, const Prefix& prefix) { return wanted < prefix.location->name; });
    int index = static_cast<int>(after - prefixes_.begin()) - 1;
    while (index >= 0 && !path.starts_with(prefixes_[static_cast<std::size_t>(index)].location->name)) {
        index = prefixes_[static_cast<std::size_t>(index)].shorter;
    }
    return index < 0 ? nullptr : prefixes_[static_cast<std::size_t>(index)].location;
}

}  // namespace webserv::server
