// config/store_test.cpp: every module calls its settings Settings; what is stored through a member must not end up in another module's.
// store_twin_test.cpp has the same names in the other order: if the linker takes one function for both, one of the two fails.
#include "config/store.hpp"

#include <gtest/gtest.h>

#include "config/directive.hpp"

namespace webserv::config {
namespace {

struct Settings {
    std::uint64_t size = 0;
    bool enabled = false;
};

// As a table of directives holds them: by address, so that there is a function to mistake.
using Apply = Checked<> (*)(Scope&, const Statement&);
Apply volatile flag = store_flag<&Settings::enabled>;
Apply volatile size = store_size<&Settings::size>;

TEST(Store, PutsAValueIntoItsOwnSettings) {
    SettingsTable settings;
    const Grammar grammar{{}};
    Scope scope{context::http, settings, grammar, nullptr};
    const auto words = [](std::string word) {
        Statement statement;
        statement.words.push_back({.text = std::move(word), .place = {}});
        return statement;
    };
    ASSERT_TRUE(flag(scope, words("on")));
    ASSERT_TRUE(size(scope, words("3k")));
    EXPECT_TRUE(settings.get<Settings>().enabled);
    EXPECT_EQ(settings.get<Settings>().size, 3072U);
}

}  // namespace
}  // namespace webserv::config
