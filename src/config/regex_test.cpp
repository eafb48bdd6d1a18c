// config/regex_test.cpp: matches, captures and names; nginx's words for a pattern that is wrong; limits that hold.
// Matches, captures, names, and patterns that would run for ever.
#include "config/regex.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace webserv::config {
namespace {

Regex compiled(std::string_view pattern, bool caseless = false) {
    auto regex = Regex::compile(pattern, caseless);
    EXPECT_TRUE(regex) << (regex ? "" : regex.error());
    return std::move(*regex);
}

TEST(Regex, Matches) {
    EXPECT_TRUE(compiled("\\.php$").matches("/a.php"));
    EXPECT_FALSE(compiled("\\.php$").matches("/a.PHP"));
    EXPECT_TRUE(compiled("\\.php$", true).matches("/a.PHP"));
    EXPECT_TRUE(compiled("").matches(""));
    EXPECT_TRUE(compiled("^$").matches({}));
    EXPECT_TRUE(compiled("a.b").matches(std::string_view{"a\0b", 3}));
}

TEST(Regex, CapturesIntoTheArena) {
    const Regex regex = compiled("^/(?<user>[^/]+)/(x)?(.*)$");
    Arena arena;
    const Captures* captures = nullptr;
    {
        std::string subject = "/anna/rest";
        captures = regex.match(subject, arena);
        subject.assign(subject.size(), '!');
    }
    ASSERT_NE(captures, nullptr);
    EXPECT_EQ(captures->get(0), "/anna/rest");
    EXPECT_EQ(captures->get(1), "anna");
    EXPECT_EQ(captures->get(2), "");
    EXPECT_EQ(captures->get(3), "rest");
    EXPECT_EQ(captures->get(4), "");
    EXPECT_EQ(regex.group_count(), 3U);
    ASSERT_EQ(regex.names().size(), 1U);
    EXPECT_EQ(regex.names()[0].first, "user");
    EXPECT_EQ(regex.names()[0].second, 1U);
    EXPECT_EQ(regex.match("nothing", arena), nullptr);
}

TEST(Regex, CapturesOutliveTheNextMatch) {
    const Regex small = compiled("(a+)");
    const Regex large = compiled("(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)");
    Arena arena;
    const Captures* const first = small.match("xaay", arena);
    ASSERT_NE(first, nullptr);
    const Captures* const second = large.match("0123456789", arena);
    ASSERT_NE(second, nullptr);
    EXPECT_EQ(first->get(1), "aa");
    EXPECT_EQ(second->get(10), "9");
}

TEST(Regex, SaysWhatIsWrongAsNginxDoes) {
    EXPECT_EQ(Regex::compile("a(", false).error(), "pcre2_compile() failed: missing closing parenthesis in \"a(\"");
    EXPECT_EQ(Regex::compile("a)b", false).error(), "pcre2_compile() failed: unmatched closing parenthesis in \"a)b\" at \")b\"");
}

TEST(Regex, GivesUpOnHostileSubjects) {
    const Regex regex = compiled("^(a+)+$");
    const std::string subject = std::string(60, 'a') + "!";
    Arena arena;
    const auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(regex.matches(subject));
    EXPECT_EQ(regex.match(subject, arena), nullptr);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{2});  // without a limit: years
}

TEST(Regex, MatchesHonestLongSubjects) {
    EXPECT_TRUE(compiled("^/(.*)/(.*)\\.php$").matches("/" + std::string(32'000, 'a') + "/b.php"));
    EXPECT_TRUE(compiled("^(a|b)*$").matches(std::string(8'000, 'a')));
}

TEST(Regex, RefusesSubjectsThatAreNotUtf8WhereThePatternAsksForIt) {
    EXPECT_TRUE(compiled("(*UTF8)^.$").matches("\xC3\xA4"));
    EXPECT_FALSE(compiled("(*UTF8)^.$").matches("\xC3"));
}

}  // namespace
}  // namespace webserv::config
