// config/regex.hpp: a compiled regular expression of nginx's dialect (PCRE2, with JIT); the only place that knows PCRE2
// is config/regex.cpp. Matches give an immutable snapshot of captures.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.hpp"

namespace webserv::config {

/// What a match captured: group 0 is the whole match. Views into a copy of the subject, in an arena.
struct Captures {
    std::vector<std::string_view, std::pmr::polymorphic_allocator<std::string_view>> groups;
    [[nodiscard]] std::string_view get(std::size_t group) const noexcept {
        return group < groups.size() ? groups[group] : std::string_view{};
    }
};

class Regex {
public:
    /// @return the regex, or PCRE2's words about what is wrong
    [[nodiscard]] static std::expected<Regex, std::string> compile(std::string_view pattern, bool caseless);
    Regex(Regex&&) noexcept;
    Regex& operator=(Regex&&) noexcept;
    ~Regex();

    [[nodiscard]] bool matches(std::string_view subject) const;
    /// The captures, allocated in `arena`; nothing if it does not match (or a match limit is hit).
    [[nodiscard]] const Captures* match(std::string_view subject, Arena& arena) const;
    /// (name, group number) of (?<name>...) groups.
    [[nodiscard]] const std::vector<std::pair<std::string, std::size_t>>& names() const noexcept;
    [[nodiscard]] std::size_t group_count() const noexcept;

private:
    struct Compiled;
    explicit Regex(std::unique_ptr<Compiled> compiled) noexcept;
    std::unique_ptr<Compiled> compiled_;
};

}  // namespace webserv::config
