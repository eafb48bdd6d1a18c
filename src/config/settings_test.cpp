// config/settings_test.cpp: what an inner scope inherits, what it changes for itself, and what it starts anew.
// Copies on the first change, lists all or nothing, resets on entry.
#include "config/settings.hpp"

#include <gtest/gtest.h>

#include <string>

namespace webserv::config {
namespace {

struct Plain {
    int number = 7;
    ScopedList<std::string> names;
};

struct Partly {
    bool internal = false;
    int kept = 0;
    void enter_scope() { internal = false; }
};

struct Untouched {
    int number = 3;
};

std::string joined(const ScopedList<std::string>& list) {
    std::string text;
    for (const std::string& entry : list) text += entry;
    return text;
}

TEST(Settings, AreDefaultsUntilSet) {
    SettingsTable table;
    EXPECT_EQ(table.get<Plain>().number, 7);
    table.own<Plain>().number = 8;
    EXPECT_EQ(table.get<Plain>().number, 8);
    EXPECT_EQ(table.get<Untouched>().number, 3);
}

TEST(Settings, AreInheritedAndChangedForTheInnerScopeOnly) {
    SettingsTable outer;
    outer.own<Plain>().number = 1;
    SettingsTable inner = outer.derive();
    EXPECT_EQ(&inner.get<Plain>(), &outer.get<Plain>());  // shared until it differs
    inner.own<Plain>().number = 2;
    EXPECT_EQ(outer.get<Plain>().number, 1);
    EXPECT_EQ(inner.get<Plain>().number, 2);
    EXPECT_EQ(inner.derive().get<Plain>().number, 2);
}

TEST(Settings, MayLeaveThingsBehindWhenAScopeIsEntered) {
    SettingsTable outer;
    outer.own<Partly>() = Partly{.internal = true, .kept = 5};
    SettingsTable inner = outer.derive();
    EXPECT_FALSE(inner.get<Partly>().internal);
    EXPECT_EQ(inner.get<Partly>().kept, 5);
    EXPECT_TRUE(outer.get<Partly>().internal);
    inner.own<Partly>().internal = true;
    EXPECT_TRUE(inner.get<Partly>().internal);
    EXPECT_FALSE(inner.derive().get<Partly>().internal);
}

TEST(Settings, ListsAreInheritedAsAWholeUntilAScopeNamesItsFirst) {
    SettingsTable outer;
    outer.own<Plain>().names.add("a");
    outer.own<Plain>().names.add("b");
    SettingsTable inner = outer.derive();
    inner.own<Plain>().number = 1;
    EXPECT_EQ(joined(inner.get<Plain>().names), "ab");
    EXPECT_FALSE(inner.get<Plain>().names.is_own());
    inner.own<Plain>().names.add("c");
    inner.own<Plain>().names.add("d");
    EXPECT_EQ(joined(inner.get<Plain>().names), "cd");
    EXPECT_EQ(joined(outer.get<Plain>().names), "ab");
    SettingsTable off = inner.derive();
    off.own<Plain>().names.begin_own();
    EXPECT_TRUE(off.get<Plain>().names.empty());
}

}  // namespace
}  // namespace webserv::config
