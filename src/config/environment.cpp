// config/environment.cpp: finding the names and asking the loader, which remembers the answers for the workers.
// What comes from the environment is not looked at again, so a value cannot name another variable of it.
#include "config/environment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace webserv::config {
namespace {

constexpr std::string_view opening = "${env:";
constexpr std::string_view before_default = ":-";

bool is_name(std::string_view name) {
    const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; };
    return !name.empty() && !(name.front() >= '0' && name.front() <= '9') && std::all_of(name.begin(), name.end(), fits);
}

/// `inside`: NAME or NAME:-text.
Checked<std::string> value_of(std::string_view inside, const Place& place, Loader& loader) {
    const auto mark = inside.find(before_default);
    const std::string name{inside.substr(0, mark)};
    if (!is_name(name)) {
        return complain(fmt::format("invalid environment variable name in \"{}{}}}\"", opening, inside), place,
                        "a name has letters, digits and underscores");
    }
    const auto value = loader.environment(name);
    if (!value) return complain(fmt::format("the environment variable \"{}\" cannot be read", name), place);
    if (mark != inside.npos) return value->value_or("").empty() ? std::string{inside.substr(mark + before_default.size())} : **value;
    if (*value) return **value;
    return complain(fmt::format("the environment variable \"{}\" is not set", name), place,
                    fmt::format("{}{}:-text}} says what stands there then", opening, name));
}

}  // namespace

Checked<> put_environment_in(Word& word, Loader& loader) {
    for (auto at = word.text.find(opening); at != word.text.npos;) {
        const auto inside = at + opening.size();
        const auto end = word.text.find('}', inside);
        if (end == word.text.npos) return complain("the closing bracket in \"env\" variable is missing", word.place);
        const auto value = value_of(std::string_view{word.text}.substr(inside, end - inside), word.place, loader);
        if (!value) return std::unexpected{value.error()};
        word.text.replace(at, end + 1 - at, *value);
        at = word.text.find(opening, at + value->size());
    }
    return {};
}

}  // namespace webserv::config
