// config/store.hpp: `apply` for the usual shapes of directive: one word, checked, put into a member of a module's settings.
// `.apply = store_size<&Settings::buffer_size>`. The messages are those of nginx's own slot functions.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "config/directive.hpp"
#include "config/syntax.hpp"

namespace webserv::config {

/// One line of the table that store_choice reads: how it is written, and what it means.
template <class Value>
struct Choice {
    std::string_view word;
    Value value;
};

namespace detail {

template <class>
struct MemberPointer;
template <class Owner, class Type>
struct MemberPointer<Type Owner::*> {
    using Settings = Owner;
    using Value = Type;
};
template <auto Member>
using SettingsOf = typename MemberPointer<decltype(Member)>::Settings;
template <auto Member>
using ValueOf = typename MemberPointer<decltype(Member)>::Value;

[[nodiscard]] Checked<bool> flag_of(const Statement& statement);
[[nodiscard]] Checked<std::uint64_t> size_of(const Statement& statement);
[[nodiscard]] Checked<std::uint64_t> offset_of(const Statement& statement);
[[nodiscard]] Checked<std::chrono::milliseconds> milliseconds_of(const Statement& statement);
[[nodiscard]] Checked<std::chrono::seconds> seconds_of(const Statement& statement);
[[nodiscard]] Checked<std::int64_t> number_of(const Statement& statement, std::int64_t min, std::int64_t max);
[[nodiscard]] const Word& first_word(const Statement& statement);
/// The place of the statement's first word among `words`.
[[nodiscard]] Checked<std::size_t> choice_of(const Statement& statement, std::span<const std::string_view> words);

template <auto Member, class Value, class Owner = SettingsOf<Member>>
[[nodiscard]] Checked<> put(Scope& scope, Checked<Value> value) {
    if (!value) return std::unexpected{std::move(value.error())};
    scope.settings.own<SettingsOf<Member>>().*Member = static_cast<ValueOf<Member>>(*value);
    return {};
}

}  // namespace detail

// The words themselves, for tables that do more with them than store them.
using detail::choice_of;
using detail::flag_of;
using detail::milliseconds_of;
using detail::number_of;
using detail::seconds_of;
using detail::size_of;

// Each of these also takes the member's owner, which follows from the member: modules have a `Settings` each, within an unnamed
// namespace, and g++ 12 lets the linker merge what is made for two members of the same name unless such a type is an argument too.

/// `on` or `off` into a bool.
template <auto Member, class Owner = detail::SettingsOf<Member>>
Checked<> store_flag(Scope& scope, const Statement& statement) {
    return detail::put<Member>(scope, detail::flag_of(statement));
}

/// Octets with k or m.
template <auto Member, class Owner = detail::SettingsOf<Member>>
Checked<> store_size(Scope& scope, const Statement& statement) {
    return detail::put<Member>(scope, detail::size_of(statement));
}

/// Octets with k, m or g.
template <auto Member, class Owner = detail::SettingsOf<Member>>
Checked<> store_offset(Scope& scope, const Statement& statement) {
    return detail::put<Member>(scope, detail::offset_of(statement));
}

/// A time into std::chrono::milliseconds.
template <auto Member, class Owner = detail::SettingsOf<Member>>
Checked<> store_milliseconds(Scope& scope, const Statement& statement) {
    return detail::put<Member>(scope, detail::milliseconds_of(statement));
}

/// A time into std::chrono::seconds.
template <auto Member, class Owner = detail::SettingsOf<Member>>
Checked<> store_seconds(Scope& scope, const Statement& statement) {
    return detail::put<Member>(scope, detail::seconds_of(statement));
}

/// The largest number that the member's type can hold, as far as configurations can say it.
template <auto Member>
inline constexpr std::int64_t number_max =
    sizeof(detail::ValueOf<Member>) < sizeof(std::int64_t) ? static_cast<std::int64_t>(std::numeric_limits<detail::ValueOf<Member>>::max())
                                                           : std::numeric_limits<std::int64_t>::max();

/// A number without a sign, within [Min, Max].
template <auto Member, std::int64_t Min = 0, std::int64_t Max = number_max<Member>, class Owner = detail::SettingsOf<Member>>
Checked<> store_number(Scope& scope, const Statement& statement) {
    return detail::put<Member>(scope, detail::number_of(statement, Min, Max));
}

/// The first word as it is, into a std::string.
template <auto Member, class Owner = detail::SettingsOf<Member>>
Checked<> store_text(Scope& scope, const Statement& statement) {
    scope.settings.own<detail::SettingsOf<Member>>().*Member = detail::first_word(statement).text;
    return {};
}

/// One of the words of `Table`, an array of Choice<Value> with static storage, into a member of that type.
template <auto Member, const auto& Table, class Owner = detail::SettingsOf<Member>>
Checked<> store_choice(Scope& scope, const Statement& statement) {
    std::string_view words[std::size(Table)];
    for (std::size_t i = 0; i < std::size(Table); ++i) words[i] = Table[i].word;
    const auto chosen = detail::choice_of(statement, words);
    if (!chosen) return std::unexpected{chosen.error()};
    scope.settings.own<detail::SettingsOf<Member>>().*Member = Table[*chosen].value;
    return {};
}

}  // namespace webserv::config
