// server/variables.hpp: the variables of one site: a name to an index at load, an index to a getter at run time.
// Names are looked up while the configuration is read, never while a request is answered.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/expression.hpp"
#include "server/module.hpp"

namespace webserv::server {

class VariableTable final : public config::VariableNames {
public:
    struct Entry {
        const Variable* definition = nullptr;  ///< null: its value is put in by a match's named capture
        std::string rest;                      ///< of a family: what follows the prefix, e.g. "user_agent"
    };

    void add(std::span<const Variable> variables);
    /// Whether a module has a variable of just this name: a capture cannot take it.
    [[nodiscard]] bool is_defined(std::string_view name) const { return definitions_.find(name) != definitions_.end(); }
    /// A variable that a named capture fills; the same index for the same name.
    int declare(std::string_view name);

    [[nodiscard]] int index_of(std::string_view name) override;
    [[nodiscard]] std::vector<std::string_view> known() const override;
    /// Whether a variable that needs the request's content was asked for since the last call.
    [[nodiscard]] bool take_needs_content() noexcept { return std::exchange(content_asked_for_, false); }

    [[nodiscard]] const Entry& entry(int index) const noexcept { return entries_[static_cast<std::size_t>(index)]; }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

private:
    int give_index(std::string_view name, const Variable* definition, std::string_view rest);

    std::map<std::string, const Variable*, std::less<>> definitions_;
    std::vector<const Variable*> families_;
    std::map<std::string, int, std::less<>> indices_;
    std::vector<Entry> entries_;
    bool content_asked_for_ = false;
};

}  // namespace webserv::server
