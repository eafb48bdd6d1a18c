// server/virtual_host.cpp: names into tables, and out again.
// Wildcards are tables too, keyed by what follows or precedes the star.
#include "server/virtual_host.hpp"

namespace webserv::server {

const Location* VirtualHost::named_location(std::string_view name) const noexcept {
    for (const auto& location : locations.all()) {
        if (location->kind == Location::Kind::named && location->name == name) return location.get();
    }
    return nullptr;
}

std::vector<std::string> NameTable::add(const VirtualHost& host) {
    std::vector<std::string> conflicts;
    const auto insert = [&](Table& table, std::string_view key, const std::string& written) {
        if (!table.emplace(key, &host).second) conflicts.push_back(written);
    };
    for (const ServerName& name : host.names) {
        const std::string_view text = name.text;
        if (name.regex) {
            regexes_.push_back({&name, &host});
        } else if (text.starts_with("*.")) {
            insert(front_, text.substr(1), name.text);
        } else if (text.starts_with('.')) {
            insert(exact_, text.substr(1), name.text);
            insert(front_, text, name.text);
        } else if (text.ends_with(".*")) {
            insert(end_, text.substr(0, text.size() - 1), name.text);
        } else {
            insert(exact_, text, name.text);
        }
    }
    return conflicts;
}

NameTable::Choice NameTable::find(std::string_view host, Arena& arena) const {
    if (const auto found = exact_.find(host); found != exact_.end()) return {found->second};
    if (!front_.empty()) {
        // From the longest suffix to the shortest; the wildcard stands for at least one octet.
        for (std::size_t dot = host.find('.', 1); dot != host.npos; dot = host.find('.', dot + 1)) {
            if (const auto found = front_.find(host.substr(dot)); found != front_.end()) return {found->second};
        }
    }
    if (!end_.empty()) {
        for (std::size_t dot = host.rfind('.'); dot != host.npos && dot > 0; dot = host.rfind('.', dot - 1)) {
            if (dot + 1 == host.size()) continue;
            if (const auto found = end_.find(host.substr(0, dot + 1)); found != end_.end()) return {found->second};
        }
    }
    for (const RegexName& candidate : regexes_) {
        if (const config::Captures* const captures = candidate.name->regex->match(host, arena)) {
            return {candidate.host, candidate.name, captures};
        }
    }
    return {};
}

}  // namespace webserv::server
