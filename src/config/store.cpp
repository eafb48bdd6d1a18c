// config/store.cpp: one word of a statement as a value, or nginx's complaint about it.
// Kept out of the templates, so that a module's table compiles to little more than addresses.
#include "config/store.hpp"

#include <fmt/format.h>

#include <cassert>
#include <string>

#include "base/text.hpp"
#include "config/values.hpp"

namespace webserv::config::detail {
namespace {

template <class Value>
Checked<Value> required(const std::optional<Value>& value, const Statement& statement, std::string_view what, std::string_view hint) {
    if (value) return *value;
    return complain(fmt::format("\"{}\" directive invalid {}", statement.name.text, what), first_word(statement).place, std::string{hint});
}

constexpr std::string_view time_hint = "a time is a number with ms, s, m, h, d or w; combined in descending order: 1h30m";

}  // namespace

const Word& first_word(const Statement& statement) {
    assert(!statement.words.empty());  // the directive's arity asks for one
    return statement.words.front();
}

Checked<bool> flag_of(const Statement& statement) {
    const Word& word = first_word(statement);
    if (const auto flag = parse_flag(word.text)) return *flag;
    return complain(fmt::format(R"(invalid value "{}" in "{}" directive, it must be "on" or "off")", word.text, statement.name.text),
                    word.place);
}

Checked<std::uint64_t> size_of(const Statement& statement) {
    return required(parse_size(first_word(statement).text), statement, "value", "a size is a number of octets, or one with k or m");
}

Checked<std::uint64_t> offset_of(const Statement& statement) {
    return required(parse_offset(first_word(statement).text), statement, "value", "a size is a number of octets, or one with k, m or g");
}

Checked<std::chrono::milliseconds> milliseconds_of(const Statement& statement) {
    return required(parse_time(first_word(statement).text), statement, "value", time_hint);
}

Checked<std::chrono::seconds> seconds_of(const Statement& statement) {
    return required(parse_seconds(first_word(statement).text), statement, "value", "a time is a number with s, m, h, d, w, M or y, no ms");
}

Checked<std::int64_t> number_of(const Statement& statement, std::int64_t min, std::int64_t max) {
    const auto number = parse_number(first_word(statement).text);
    if (!number) return required(number, statement, "number", "");
    if (*number >= min && *number <= max) return *number;
    const bool bounded = max < std::numeric_limits<std::int32_t>::max();  // a larger bound is only that of the type
    const Place& place = first_word(statement).place;
    if (bounded) return complain(fmt::format("value must be between {} and {}", min, max), place);
    if (*number < min) return complain(fmt::format("value must be equal to or greater than {}", min), place);
    return required(std::optional<std::int64_t>{}, statement, "number", fmt::format("the largest number here is {}", max));
}

Checked<std::size_t> choice_of(const Statement& statement, std::span<const std::string_view> words) {
    const Word& word = first_word(statement);
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (text::equal_ignoring_case(word.text, words[i])) return i;
    }
    return complain(fmt::format("invalid value \"{}\"", word.text), word.place,
                    fmt::format("\"{}\" takes one of: {}", statement.name.text, fmt::join(words, ", ")));
}

}  // namespace webserv::config::detail
