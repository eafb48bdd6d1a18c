// http/fields.hpp: field lines and sections (RFC 9110 section 5): names and values as views, in the order received.
// The octets belong to somebody else: the head's buffer for a request, the exchange's arena for a response.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string_view>
#include <vector>

namespace webserv::http {

struct FieldLine {
    std::string_view name;
    std::string_view value;
};

/// Field lines in order; lookups ignore case and are linear, which wins for the dozen lines a message has.
class FieldSection {
public:
    explicit FieldSection(std::pmr::memory_resource& memory) : lines_{&memory} {}

    void add(std::string_view name, std::string_view value) {
        lines_.push_back({name, value});
        added_ |= trait_of(name);
    }
    void reserve(std::size_t lines) { lines_.reserve(lines); }
    void remove(std::string_view name);  ///< every line of that name
    /// The first line's value.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept {
        return may_have(name) ? search(name) : std::nullopt;
    }
    [[nodiscard]] std::size_t count(std::string_view name) const noexcept;

    [[nodiscard]] auto begin() const noexcept { return lines_.begin(); }
    [[nodiscard]] auto end() const noexcept { return lines_.end(); }
    [[nodiscard]] std::size_t size() const noexcept { return lines_.size(); }
    [[nodiscard]] bool empty() const noexcept { return lines_.empty(); }

private:
    /// One bit of 64, the same for equal names: most of those that nobody sent are ruled out without a look at the lines.
    [[nodiscard]] static std::uint64_t trait_of(std::string_view name) noexcept {
        const unsigned letter = name.empty() ? 0 : static_cast<unsigned char>(name.front()) | 0x20U;
        return std::uint64_t{1} << ((letter + 7 * name.size()) & 63);
    }
    [[nodiscard]] bool may_have(std::string_view name) const noexcept { return (added_ & trait_of(name)) != 0; }

    [[nodiscard]] std::optional<std::string_view> search(std::string_view name) const noexcept;

    std::pmr::vector<FieldLine> lines_;
    std::uint64_t added_ = 0;
};

/// A list element of a comma-separated value ("close" in "keep-alive, Close"), ignoring case (RFC 9110 section 5.6.1).
[[nodiscard]] bool has_token(std::string_view value, std::string_view token) noexcept;
[[nodiscard]] bool is_token(std::string_view text) noexcept;  ///< 1*tchar, RFC 9110 section 5.6.2

}  // namespace webserv::http
