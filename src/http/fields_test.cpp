// http/fields_test.cpp: lookups that ignore case, lists of tokens.
// Names and tokens are compared whole, never by their beginning.
#include "http/fields.hpp"

#include <gtest/gtest.h>

#include "base/arena.hpp"

namespace webserv::http {
namespace {

TEST(FieldSection, FindsWhateverTheCase) {
    Arena arena;
    FieldSection fields{arena};
    fields.add("Accept", "a");
    fields.add("X-Forwarded-For", "1");
    fields.add("ACCEPT", "b");
    EXPECT_EQ(fields.find("accept"), "a");
    EXPECT_EQ(fields.count("Accept"), 2U);
    EXPECT_EQ(fields.find("Accep"), std::nullopt);
    EXPECT_EQ(fields.find("Accept-"), std::nullopt);
    fields.remove("aCCEPT");
    EXPECT_EQ(fields.size(), 1U);
    EXPECT_EQ(fields.begin()->name, "X-Forwarded-For");
}

TEST(HasToken, LooksAtWholeElements) {
    EXPECT_TRUE(has_token("close", "close"));
    EXPECT_TRUE(has_token("keep-alive, Close", "close"));
    EXPECT_TRUE(has_token(",, close\t,", "close"));
    EXPECT_FALSE(has_token("closed", "close"));
    EXPECT_FALSE(has_token("not close", "close"));
    EXPECT_FALSE(has_token("", "close"));
}

TEST(IsToken, KnowsItsOctets) {
    EXPECT_TRUE(is_token("X-a_1!#$%&'*+.^`|~"));
    for (const std::string_view text : {"", " ", "a b", "a:", "a,", "a\"", "a/", "\x80", "\x7f", "(", "@", "[", "{", "="}) {
        EXPECT_FALSE(is_token(text)) << text;
    }
}

}  // namespace
}  // namespace webserv::http
