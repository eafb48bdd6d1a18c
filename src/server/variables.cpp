// server/variables.cpp: names to indices.
// A family's member (`$http_x`) gets an index of its own when it is first named.
#include "server/variables.hpp"

namespace webserv::server {

void VariableTable::add(std::span<const Variable> variables) {
    for (const Variable& variable : variables) {
        if (variable.prefix) {
            families_.push_back(&variable);
        } else {
            definitions_.emplace(variable.name, &variable);
        }
    }
}

int VariableTable::declare(std::string_view name) {
    if (const auto found = indices_.find(name); found != indices_.end()) return found->second;
    return give_index(name, nullptr, {});
}

int VariableTable::index_of(std::string_view name) {
    if (const auto found = indices_.find(name); found != indices_.end()) {
        const Variable* const definition = entries_[static_cast<std::size_t>(found->second)].definition;
        if (definition != nullptr && definition->needs_content) content_asked_for_ = true;
        return found->second;
    }
    if (const auto found = definitions_.find(name); found != definitions_.end()) {
        if (found->second->needs_content) content_asked_for_ = true;
        return give_index(name, found->second, {});
    }
    for (const Variable* const family : families_) {
        if (name.starts_with(family->name) && name.size() > family->name.size()) {
            return give_index(name, family, name.substr(family->name.size()));
        }
    }
    return -1;
}

std::vector<std::string_view> VariableTable::known() const {
    std::vector<std::string_view> names;
    for (const auto& [name, definition] : definitions_) names.push_back(name);
    for (const auto& [name, index] : indices_) names.push_back(name);
    return names;
}

int VariableTable::give_index(std::string_view name, const Variable* definition, std::string_view rest) {
    const int index = static_cast<int>(entries_.size());
    entries_.push_back({definition, std::string{rest}});
    indices_.emplace(name, index);
    return index;
}

}  // namespace webserv::server
