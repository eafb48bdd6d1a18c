// config/parser_test.cpp: statements, blocks and includes; the first lines of complaints are those that nginx prints.
// Blocks, includes from memory, and the place of each mistake.
#include "config/parser.hpp"

#include <gtest/gtest.h>

#include <string>

#include "config/memory_loader.hpp"

namespace webserv::config {
namespace {

std::string shown(const std::vector<Statement>& statements) {
    std::string text;
    for (const Statement& statement : statements) {
        text += statement.name.text;
        for (const Word& word : statement.words) text += " " + word.text;
        text += statement.has_block ? "{" + shown(statement.block) + "}" : ";";
    }
    return text;
}

std::string parsed(std::map<std::string, std::string> files) {
    MemoryLoader loader{std::move(files)};
    const auto document = parse_file("/c/main", "/c", loader);
    return document ? shown(document->statements) : "!" + document.error().first_line();
}
std::string parsed(const std::string& main) { return parsed(std::map<std::string, std::string>{{"/c/main", main}}); }

std::string suggestion(const std::string& main) {
    MemoryLoader loader{{{"/c/main", main}}};
    const auto document = parse_file("/c/main", "/c", loader);
    return document ? "none" : document.error().suggestion;
}

TEST(Parser, BuildsStatements) {
    EXPECT_EQ(parsed(""), "");
    EXPECT_EQ(parsed("user a b; events {}\nhttp { server { listen 80; } } "), "user a b;events{}http{server{listen 80;}}");
    EXPECT_EQ(parsed("\"\" x;"), " x;");
}

TEST(Parser, KeepsPlaces) {
    MemoryLoader loader{{{"/c/main", "http {\n  root /x;\n}\n"}}};
    const auto document = parse_file("/c/main", "/c", loader);
    ASSERT_TRUE(document);
    const Statement& http = document->statements.at(0);
    EXPECT_EQ(http.block_end.line, 3U);
    EXPECT_EQ(http.block_end.column, 1U);
    EXPECT_EQ(http.block.at(0).words.at(0).place.line, 2U);
    EXPECT_EQ(http.block.at(0).words.at(0).place.column, 8U);
}

TEST(Parser, ComplainsAsNginxDoes) {
    struct Case {
        std::string text, expected;
    };
    const Case cases[] = {
        {"http {\n root /x\n}\n", "unexpected \"}\" in /c/main:3"},
        {"http {\n server { root /x; \n", "unexpected end of file, expecting \"}\" in /c/main:3"},
        {"}\n", "unexpected \"}\" in /c/main:1"},
        {"http {\n root /x", "unexpected end of file, expecting \";\" or \"}\" in /c/main:2"},
        {"http { root 'x;\n", "unexpected end of file, expecting \";\" or \"}\" in /c/main:2"},
        {"user", "unexpected end of file, expecting \";\" or \"}\" in /c/main:1"},
        {"'user'", "unexpected end of file, expecting \";\" or \"}\" in /c/main:1"},
        {";", "unexpected \";\" in /c/main:1"},
        {"http { { } }", "unexpected \"{\" in /c/main:1"},
        {"\nhttp { root \"/x\"y; }", "unexpected \"y\" in /c/main:2"},
        {"include;", "invalid number of arguments in \"include\" directive in /c/main:1"},
        {"include a b;", "invalid number of arguments in \"include\" directive in /c/main:1"},
        {"include x {}", "directive \"include\" is not terminated by \";\" in /c/main:1"},
        {"location ~ [a-f]{3} { root /x; }", "unknown directive \"3}\" in /c/main:1"},
        {"rewrite ^[a-f]{2,4}$ /x;", "unknown directive \"2,4}$\" in /c/main:1"},
        {"location ~ ^/\\d{1,}-x {}", "unknown directive \"1,}-x\" in /c/main:1"},
    };
    for (const auto& c : cases) EXPECT_EQ(parsed(c.text), "!" + c.expected) << c.text;
}

TEST(Parser, TakesNumbersAfterABraceForWhatTheyAre) {
    EXPECT_EQ(parsed("map $a $b{1 x;}"), "map $a $b{1 x;}");
    EXPECT_EQ(parsed("map $a $b { 1} x; }"), "map $a $b{1} x;}");
    EXPECT_EQ(parsed("location ~ \"a{3}\" {}"), "location ~ a{3}{}");
}

TEST(Parser, SuggestsWhatIsMissing) {
    EXPECT_EQ(suggestion("http {\n root\n /x\n\n}"), "the \";\" of \"root\" seems to be missing at the end of line 3");
    EXPECT_EQ(suggestion("a {\n b {\n }\n"), "the block of \"a\" on line 1 is not closed");
    EXPECT_EQ(suggestion("a {\n b c"), "\"b\" on line 2 is not terminated");
    EXPECT_EQ(suggestion("}"), "no block is open here");
    EXPECT_EQ(suggestion("location ~ a{3} {}"), "a regular expression that contains \"{\", \"}\" or \";\" must be quoted");
    EXPECT_EQ(suggestion("include a\ninclude b;"), "a \";\" may be missing at the end of line 1");
}

TEST(Parser, Includes) {
    EXPECT_EQ(parsed({{"/c/main", "a; include d/x; b { include /abs; }"}, {"/c/d/x", "include y;"}, {"/c/y", "y;"}, {"/abs", "z;"}}),
              "a;y;b{z;}");
    EXPECT_EQ(
        parsed(
            {{"/c/main", "include d/*.conf; include none/*; include [;"}, {"/c/d/2.conf", "b;"}, {"/c/d/1.conf", "a;"}, {"/c/d/3", "c;"}}),
        "a;b;");
    EXPECT_EQ(parsed({{"/c/main", "include x; include x;"}, {"/c/x", "a;"}}), "a;a;");
    EXPECT_EQ(parsed({{"/c/main", "a;\ninclude nope;"}}), "!open() \"/c/nope\" failed (2: No such file or directory) in /c/main:2");
    EXPECT_EQ(parsed({{"/other", ""}}), "!open() \"/c/main\" failed (2: No such file or directory)");
}

TEST(Parser, LetsNoBlockCrossTheEndOfAFile) {
    EXPECT_EQ(parsed({{"/c/main", "a {\ninclude x;"}, {"/c/x", "\n}"}}), "!unexpected \"}\" in /c/x:2");
    EXPECT_EQ(parsed({{"/c/main", "include x; }"}, {"/c/x", "a {"}}), "!unexpected end of file, expecting \"}\" in /c/x:1");
}

TEST(Parser, BoundsIncludes) {
    EXPECT_EQ(parsed({{"/c/main", "include main;"}}), "!\"/c/main\" includes itself in /c/main:1");
    EXPECT_EQ(parsed({{"/c/main", "include x;"}, {"/c/x", "include main;"}}), "!\"/c/main\" includes itself in /c/x:1");
    std::map<std::string, std::string> chain{{"/c/main", "include 1;"}};
    for (int i = 1; i <= 200; ++i) chain["/c/" + std::to_string(i)] = "include " + std::to_string(i + 1) + ";";
    EXPECT_EQ(parsed(chain), "!includes are more than 100 levels deep in /c/99:1");
    std::map<std::string, std::string> bomb{{"/c/main", "include 1; include 1;"}, {"/c/40", "a;"}};
    for (int i = 1; i < 40; ++i) {
        const std::string next = "include " + std::to_string(i + 1) + "; ";
        bomb["/c/" + std::to_string(i)] = next + next;
    }
    EXPECT_TRUE(parsed(bomb).starts_with("!more than 10000 files are included in ")) << parsed(bomb);
}

TEST(Parser, BoundsBlocks) {
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += "a{";
    EXPECT_EQ(parsed(deep), "!blocks are more than 100 levels deep in /c/main:1");
}

TEST(Parser, ListsEachFileOnce) {
    MemoryLoader loader{{{"/c/main", "include x; include y; include x;"}, {"/c/x", ""}, {"/c/y", ""}}};
    const auto document = parse_file("/c/main", "/c", loader);
    ASSERT_TRUE(document);
    std::string paths;
    for (const auto& file : document->files) paths += file->path + " ";
    EXPECT_EQ(paths, "/c/main /c/x /c/y ");
    EXPECT_EQ(loader.questions, 3);
}

TEST(Parser, ReadsTheCommandLine) {
    MemoryLoader loader{{{"/c/x", "a;"}}};
    const auto first_line = [&](const char* text) {
        const auto document = parse_text(text, std::string{command_line_name}, "/c", loader);
        return document ? shown(document->statements) : document.error().first_line();
    };
    EXPECT_EQ(first_line("daemon off; include x;"), "daemon off;a;");
    EXPECT_EQ(first_line("daemon off"), "unexpected end of parameter, expecting \";\" in command line");
    EXPECT_EQ(first_line("events { }"), "block directives are not supported in -g option in command line");
}

}  // namespace
}  // namespace webserv::config
