// config/environment_test.cpp: what is put in, what stands there without a value, what is refused.
// The environment is the loader's.
#include "config/environment.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "config/memory_loader.hpp"
#include "config/parser.hpp"

namespace webserv::config {
namespace {

const std::map<std::string, std::string> values{{"PORT", "8080"}, {"EMPTY", ""}, {"_n1", "x"}, {"TRAP", "${env:PORT} $uri"}};

std::string put(const std::string& text) {
    MemoryLoader loader;
    loader.variables = values;
    Word word{.text = text, .place = {}};
    const auto done = put_environment_in(word, loader);
    return done ? word.text : "error: " + done.error().message;
}

TEST(Environment, PutsValuesIn) {
    EXPECT_EQ(put("${env:PORT}"), "8080");
    EXPECT_EQ(put("a${env:PORT}b${env:_n1}"), "a8080bx");
    EXPECT_EQ(put("${env:EMPTY}"), "");
    EXPECT_EQ(put("$PORT ${PORT} $env:PORT {env:PORT}"), "$PORT ${PORT} $env:PORT {env:PORT}");
}

TEST(Environment, HasDefaults) {
    EXPECT_EQ(put("${env:NONE:-80}"), "80");
    EXPECT_EQ(put("${env:PORT:-80}"), "8080");
    EXPECT_EQ(put("${env:EMPTY:-80}"), "80");
    EXPECT_EQ(put("<${env:NONE:-}>"), "<>");
    EXPECT_EQ(put("${env:NONE:-a:-b}"), "a:-b");
}

TEST(Environment, LooksAtAValueOnce) { EXPECT_EQ(put("${env:TRAP}"), "${env:PORT} $uri"); }

TEST(Environment, RefusesWhatHasNoValue) {
    EXPECT_EQ(put("${env:NONE}"), "error: the environment variable \"NONE\" is not set");
    EXPECT_EQ(put("${env:}"), "error: invalid environment variable name in \"${env:}\"");
    EXPECT_EQ(put("${env:1A}"), "error: invalid environment variable name in \"${env:1A}\"");
    EXPECT_EQ(put("${env:A-B}"), "error: invalid environment variable name in \"${env:A-B}\"");
    EXPECT_EQ(put("${env:PORT"), "error: the closing bracket in \"env\" variable is missing");
}

TEST(Environment, IsPutIntoWordsNotIntoTheGrammar) {
    MemoryLoader loader{{{"/c/8080.conf", "included ${env:_n1};\n"}}};
    loader.variables = values;
    loader.variables["WORDS"] = "two words; and } more";
    const auto document = parse_text("include ${env:PORT}.conf;\ndirective ${env:WORDS} '${env:_n1}';\n", "test", "/c", loader);
    ASSERT_TRUE(document) << document.error().message;
    ASSERT_EQ(document->statements.size(), 2U);
    EXPECT_EQ(document->statements[0].words.front().text, "x");
    ASSERT_EQ(document->statements[1].words.size(), 2U);
    EXPECT_EQ(document->statements[1].words[0].text, "two words; and } more");
    EXPECT_EQ(document->statements[1].words[1].text, "x");
}

}  // namespace
}  // namespace webserv::config
