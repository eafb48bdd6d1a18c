// config/settings.cpp: the part of the settings table that does not depend on a type.
// Slots are handed out while the program starts, one for each settings type.
#include "config/settings.hpp"

namespace webserv::config {

std::size_t next_settings_slot() noexcept {
    static std::size_t next = 0;
    return next++;
}

SettingsTable SettingsTable::derive() const {
    SettingsTable inner;
    inner.entries_ = entries_;
    for (Entry& entry : inner.entries_) entry.own = false;
    // By index: own<T>() inside enter() looks the entry up again.
    for (std::size_t slot = 0; slot < inner.entries_.size(); ++slot) {
        if (const auto enter = inner.entries_[slot].enter) enter(inner);
    }
    return inner;
}

SettingsTable::Entry& SettingsTable::entry_of(std::size_t slot) {
    if (slot >= entries_.size()) entries_.resize(slot + 1);
    return entries_[slot];
}

}  // namespace webserv::config
