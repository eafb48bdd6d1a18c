// config/settings.hpp: what a scope (main, http, server, location) has set, one struct a module.
// A scope begins as a copy of the outer one's; its directives are applied to it; then it never changes.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace webserv::config {

std::size_t next_settings_slot() noexcept;

/// Each settings type has a slot of its own in every table.
template <class T>
inline const std::size_t settings_slot = next_settings_slot();

/// A settings type may have `void enter_scope()`: called on the copy that an inner scope begins with, to reset what nginx
/// does not inherit (rewrite codes, content handlers).
template <class T>
concept ResetsOnEntry = requires(T& settings) { settings.enter_scope(); };

/// The settings of one scope. Types that a scope does not change share the outer scope's object.
class SettingsTable {
public:
    /// The settings to read; defaults if nothing was ever set.
    template <class T>
    [[nodiscard]] const T& get() const {
        const std::size_t slot = settings_slot<T>;
        if (slot < entries_.size() && entries_[slot].value) return *static_cast<const T*>(entries_[slot].value.get());
        static const T defaults{};
        return defaults;
    }

    /// The settings to change in this scope: a copy of the outer scope's at the first call.
    template <class T>
    [[nodiscard]] T& own() {
        Entry& entry = entry_of(settings_slot<T>);
        if (!entry.own) {
            auto copy = entry.value ? std::make_shared<T>(*static_cast<const T*>(entry.value.get())) : std::make_shared<T>();
            entry.value = std::move(copy);
            entry.own = true;
            if constexpr (ResetsOnEntry<T>) entry.enter = [](SettingsTable& table) { table.own<T>().enter_scope(); };
        }
        return *static_cast<T*>(entry.value.get());
    }

    /// What an inner scope begins with.
    [[nodiscard]] SettingsTable derive() const;

private:
    struct Entry {
        std::shared_ptr<void> value;
        bool own = false;
        void (*enter)(SettingsTable&) = nullptr;  // resets the copy in an inner scope
    };
    Entry& entry_of(std::size_t slot);
    std::vector<Entry> entries_;
};

/// A list-valued directive's entries (add_header, access_log, error_page): inherited as a whole until a scope names its first.
template <class T>
class ScopedList {
public:
    ScopedList() = default;
    ScopedList(const ScopedList& outer) : entries_{outer.entries_} {}  // the copy is an inner scope's: it owns nothing yet
    ScopedList& operator=(const ScopedList& outer) {
        entries_ = outer.entries_;
        own_ = false;
        return *this;
    }
    ScopedList(ScopedList&&) = default;
    ScopedList& operator=(ScopedList&&) = default;

    T& add(T entry) {
        begin_own();
        entries_.push_back(std::move(entry));
        return entries_.back();
    }
    /// Forgets what was inherited ("access_log off").
    void begin_own() {
        if (!std::exchange(own_, true)) entries_.clear();
    }
    [[nodiscard]] bool is_own() const noexcept { return own_; }
    [[nodiscard]] const std::vector<T>& entries() const noexcept { return entries_; }
    [[nodiscard]] auto begin() const noexcept { return entries_.begin(); }
    [[nodiscard]] auto end() const noexcept { return entries_.end(); }
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

private:
    std::vector<T> entries_;
    bool own_ = false;
};

}  // namespace webserv::config
