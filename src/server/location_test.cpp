// server/location_test.cpp: which location a path belongs to: exact names, longest prefixes, regexes in order, nesting.
// A level is written as text, one location a word: "=/a", "^~/a", "~\.php$", "/a", "/a/!", "@a"; nested ones follow in braces.
#include "server/location.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "observe/trace.hpp"

namespace webserv::server {
namespace {

using Kind = Location::Kind;

std::unique_ptr<Location> make(std::string_view written) {
    auto location = std::make_unique<Location>();
    location->slash_redirect = written.ends_with('!');  // a passing handler answers here
    if (location->slash_redirect) written.remove_suffix(1);
    const auto take = [&](std::string_view modifier, Kind kind) {
        if (!written.starts_with(modifier)) return false;
        location->kind = kind;
        location->name = written.substr(modifier.size());
        return true;
    };
    if (take("=", Kind::exact) || take("^~", Kind::final_prefix)) return location;
    if (take("~", Kind::regex)) {
        auto regex = config::Regex::compile(location->name, false);
        EXPECT_TRUE(regex) << written;
        location->regex = std::move(*regex);
        return location;
    }
    location->name = written;
    location->kind = written.starts_with('@') ? Kind::named : Kind::prefix;
    return location;
}

void read_into(LocationLevel& level, std::istringstream& words) {
    Location* last = nullptr;
    for (std::string word; words >> word && word != "}";) {
        if (word == "{") {
            read_into(last->nested, words);
            continue;
        }
        auto location = make(word);
        last = location.get();
        EXPECT_TRUE(level.add(std::move(location))) << word;
    }
}

LocationLevel level_of(const std::string& text) {
    LocationLevel level;
    std::istringstream words{text};
    read_into(level, words);
    level.index();
    return level;
}

std::string chosen(const LocationLevel& level, std::string_view path) {
    Arena arena;
    const auto choice = level.choose(path, arena, nullptr);
    if (choice.location == nullptr) return "none";
    return choice.redirect_to_slash ? "redirect to " + choice.location->name : choice.location->name;
}

struct Case {
    const char* locations;
    const char* path;
    const char* expected;
};

void expect_all(std::span<const Case> cases) {
    for (const Case& c : cases) EXPECT_EQ(chosen(level_of(c.locations), c.path), c.expected) << c.locations << "  " << c.path;
}

TEST(LocationChoice, IsTheLongestPrefix) {
    const Case cases[] = {
        {"", "/", "none"},
        {"/a", "/b", "none"},
        {"/a", "/", "none"},
        {"/ /a /a/b /ab", "/", "/"},
        {"/ /a /a/b /ab", "/a", "/a"},
        {"/ /a /a/b /ab", "/abc", "/ab"},
        {"/ /a /a/b /ab", "/a/bc", "/a/b"},
        {"/ /a /a/b /ab", "/a/c", "/a"},
        {"/ /a /a/b /ab", "/A", "/"},
        {"/a /aaa", "/aab", "/a"},  // what sorts just before is no prefix of the path
        {"/a /ab/c /ab/d", "/ab/cc", "/ab/c"},
        {"/a /ab/c /ab/d", "/ab/e", "/a"},
        {"/a /a-b /a.b /a/b", "/a0", "/a"},
        {"/a/b /a", "/a/b", "/a/b"},  // the order written is of no importance
        {"/a @b", "@b", "none"},      // named locations are for internal redirects
    };
    expect_all(cases);
}

TEST(LocationChoice, EndsWithAnExactName) {
    const Case cases[] = {
        {"/a =/a", "/a", "/a"},     {"=/a /", "/a", "/a"},
        {"=/a /", "/ab", "/"},      {"=/a /", "/a/", "/"},
        {"=/a", "/ab", "none"},     {"~^/a =/a", "/a", "/a"},
        {"~^/a =/a", "/ab", "^/a"}, {"^~/a =/a/b", "/a/b", "/a/b"},
        {"=/ ~.", "/", "/"},        {"=/b =/a =/c =/aa", "/aa", "/aa"},
    };
    expect_all(cases);
    const LocationLevel level = level_of("/a =/a");
    Arena arena;
    EXPECT_EQ(level.choose("/a", arena, nullptr).location->kind, Kind::exact);
    EXPECT_EQ(level.choose("/ab", arena, nullptr).location->kind, Kind::prefix);
}

TEST(LocationChoice, IsTheFirstRegexThatMatchesBeforeThePrefix) {
    const Case cases[] = {
        {"/a ~x", "/ax", "x"},          {"/a ~x", "/ay", "/a"},       {"~x ~ax", "/ax", "x"},
        {"~ax ~x", "/ax", "ax"},        {"~^/b ~x", "/ax", "x"},      {"~x", "/y", "none"},
        {"^~/a ~x", "/ax", "/a"},       {"^~/a /ab ~x", "/abx", "x"},  // ^~ counts only where it is itself the longest
        {"/a ^~/ab ~x", "/abx", "/ab"}, {"/a ^~/ab ~x", "/ax", "x"},  {"~X", "/ax", "none"},
    };
    expect_all(cases);
}

TEST(LocationChoice, LooksIntoNestedLocations) {
    const Case cases[] = {
        {"/a { /a/b }", "/a/b", "/a/b"},
        {"/a { /a/b }", "/a/c", "/a"},
        {"/a { /a/b { /a/b/c } }", "/a/b/cd", "/a/b/c"},
        {"/a { /a/b } /a/b/c", "/a/b/cd", "/a/b/c"},
        {"/a { =/a/b } ~b", "/a/b", "/a/b"},  // a nested exact name or regex ends the search
        {"/a { ~b } ~a", "/a/b", "b"},
        {"/a { ~c } ~a", "/a/b", "a"},
        {"/a { /a/b } ~b$", "/a/b", "b$"},  // a nested prefix does not
        {"~^/a { ~c ~b } ~b", "/a/b", "b"},
        {"~^/a { ~c } ~b", "/a/b", "^/a"},  // once a regex matched, its siblings are not tried
        {"~a { =/a }", "/a", "/a"},
        {"~/a { /a/b }", "/a/bc", "/a/b"},
        {"=/a ~x { ~y }", "/axy", "y"},
        {"~^/a { ~^/a/b { ~c } }", "/a/b/c", "c"},
    };
    expect_all(cases);
}

// What nginx answers: a ^~ keeps only the regexes of its own level from being tried.
TEST(LocationChoice, KnowsTheReachOfAFinalPrefix) {
    const char* const inside = R"(/p/ { ^~/p/n/ ~r?\.nn$ } ~\.x$ ~\.nn$)";
    const char* const around = R"(^~/q/ { /q/n/ } ~\.x$)";
    const Case cases[] = {
        {inside, "/p/n/a.x", R"(\.x$)"}, {inside, "/p/n/a.nn", R"(\.nn$)"}, {inside, "/p/a.nn", R"(r?\.nn$)"},
        {inside, "/p/a.x", R"(\.x$)"},   {inside, "/p/n/a", "/p/n/"},       {around, "/q/a.x", "/q/"},
        {around, "/q/n/a.x", "/q/n/"},   {"^~/q/ { ~y } ~x", "/q/xy", "y"}, {"^~/q/ { ~y } ~x", "/q/x", "/q/"},
    };
    expect_all(cases);
}

TEST(LocationChoice, RedirectsToThePrefixWithASlash) {
    const Case cases[] = {
        {"/a/!", "/a", "redirect to /a/"},
        {"/a/! ~a", "/a", "redirect to /a/"},  // before regexes are tried
        {"/a/! =/a", "/a", "/a"},              // an exact name avoids it
        {"/a/! /", "/a", "redirect to /a/"},
        {"/a/! /a", "/a", "/a"},  // so does a prefix that is the path itself
        {"/a/", "/a", "none"},
        {"/a/!", "/a/", "/a/"},
        {"/a/!", "/a/b", "/a/"},
        {"/a/!", "/", "none"},
        {"/a/! /a-b", "/a", "redirect to /a/"},
        {"/a/x!", "/a/", "none"},  // the octet that is missing must be the slash
        {"=/a/", "/a", "none"},
        {"=/a/!", "/a", "redirect to /a/"},
        {"/a-b/! /a/! /a.b/!", "/a-b", "redirect to /a-b/"},
        {"/a-b/! /a/! /a.b/!", "/a", "redirect to /a/"},
        {"/a { /a/b/! } ~b", "/a/b", "redirect to /a/b/"},
    };
    expect_all(cases);
}

TEST(LocationChoice, GivesWhatTheRegexCaptured) {
    const LocationLevel level = level_of(R"(/a { ~^/a/(\d+)$ } ~^/(b)(.*)$ { ~(c) })");
    Arena arena;
    const auto nested = level.choose("/a/12", arena, nullptr);
    ASSERT_NE(nested.captures, nullptr);
    EXPECT_EQ(nested.captures->get(1), "12");
    const auto outer = level.choose("/bx", arena, nullptr);
    ASSERT_NE(outer.captures, nullptr);
    EXPECT_EQ(outer.captures->get(2), "x");
    const auto inner = level.choose("/bc", arena, nullptr);
    ASSERT_NE(inner.captures, nullptr);
    EXPECT_EQ(inner.captures->get(1), "c");
    EXPECT_EQ(level.choose("/a/x", arena, nullptr).captures, nullptr);
}

TEST(LocationChoice, SaysWhyWhenAsked) {
    std::string notes;
    observe::Trace trace{[&](std::string_view what, std::string_view, unsigned) { notes.append(what) += "; "; }};
    Arena arena;
    const LocationLevel level = level_of("/a =/e ~x ~y");
    (void)level.choose("/ay", arena, &trace);
    EXPECT_EQ(notes, R"(longest prefix "/a"; no match for regex "x"; regex location "y"; )");
    notes.clear();
    (void)level.choose("/e", arena, &trace);
    EXPECT_EQ(notes, R"(exact location "/e"; )");
}

TEST(LocationLevel, TakesANameOnceForEachWeight) {
    const struct {
        const char* first;
        const char* second;
        bool taken;
    } cases[] = {
        {"/a", "/a", false}, {"/a", "^~/a", false}, {"^~/a", "/a", false}, {"=/a", "=/a", false},
        {"@a", "@a", false}, {"/a", "=/a", true},   {"=/a", "^~/a", true}, {"/a", "/a/", true},
        {"~a", "~a", true},  {"@a", "@b", true},    {"~/a", "/a", true},
    };
    for (const auto& c : cases) {
        LocationLevel level;
        ASSERT_TRUE(level.add(make(c.first)));
        EXPECT_EQ(level.add(make(c.second)), c.taken) << c.first << " " << c.second;
        EXPECT_EQ(level.all().size(), c.taken ? 2U : 1U);
    }
}

}  // namespace
}  // namespace webserv::server
