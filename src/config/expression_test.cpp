// config/expression_test.cpp: what compiles, what is complained about, and what comes out.
// Literals, variables, braces and captures, and every way to write them wrong.
#include "config/expression.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace webserv::config {
namespace {

class Names final : public VariableNames {
public:
    int index_of(std::string_view name) override {
        for (std::size_t i = 0; i < known_.size(); ++i) {
            if (known_[i] == name) return static_cast<int>(i);
        }
        return -1;
    }
    std::vector<std::string_view> known() const override { return known_; }

private:
    std::vector<std::string_view> known_{"host", "uri", "empty", "request_uri"};
};

class Values final : public VariableReader {
public:
    std::string_view variable(int index) override {
        ++asked;
        if (index == 0) return host;
        return index == 1 ? "/index" : "";
    }
    std::string_view capture(std::size_t group) override { return group == 1 ? "one" : ""; }

    std::string host = "a.example";
    int asked = 0;
};

Word word(std::string text, bool quoted = false) {
    const auto file = std::make_shared<const SourceFile>(SourceFile{"x.conf", "root " + text});
    return Word{std::move(text), Place{file, 1, 6}, quoted};
}

std::string evaluated(const std::string& text) {
    Names names;
    Values values;
    Arena arena;
    const auto expression = Expression::compile(word(text), names);
    if (!expression) return "!" + expression.error().message;
    EXPECT_EQ(expression->text(), text);
    return std::string{expression->evaluate(values, arena)};
}

TEST(Expression, Evaluates) {
    struct Case {
        std::string text, expected;
    };
    const Case cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"$host", "a.example"},
        {"${host}", "a.example"},
        {"$host$uri", "a.example/index"},
        {"http://$host/x$uri?", "http://a.example/x/index?"},
        {"${host}name", "a.examplename"},
        {"$host.$1", "a.example.one"},
        {"$10", "one0"},
        {"${1}0", "one0"},
        {"$2", ""},
        {"$empty$empty", ""},
        {"a}b{c", "a}b{c"},
        {"\\$", "!invalid variable name"},  // nginx has no way to escape a dollar either
        {"$", "!invalid variable name"},
        {"a$", "!invalid variable name"},
        {"$-", "!invalid variable name"},
        {"${}", "!invalid variable name"},
        {"${", "!invalid variable name"},
        {"$$host", "!invalid variable name"},
        {"${host", "!the closing bracket in \"host\" variable is missing"},
        {"${host-x}", "!the closing bracket in \"host\" variable is missing"},
        {"${-}", "!the closing bracket in \"\" variable is missing"},
        {"$nosuch", "!unknown \"nosuch\" variable"},
        {"$0", "!unknown \"0\" variable"},
        {"$hostname", "!unknown \"hostname\" variable"},
    };
    for (const auto& c : cases) EXPECT_EQ(evaluated(c.text), c.expected) << c.text;
}

TEST(Expression, CopiesOnlyWhatItMustJoin) {
    Names names;
    Values values;
    Arena arena;
    const auto single = Expression::compile(word("$host"), names);
    ASSERT_TRUE(single);
    EXPECT_EQ(single->evaluate(values, arena).data(), values.host.data());
    const auto plain = Expression::literal("text");
    EXPECT_EQ(plain.evaluate(values, arena).data(), plain.text().data());
    EXPECT_EQ(Expression{}.evaluate(values, arena), "");
}

TEST(Expression, AsksForEachPartOnce) {
    Names names;
    Values values;
    Arena arena;
    std::string text;
    std::string expected;
    for (int i = 0; i < 40; ++i) {
        text += "$host-";
        expected += "a.example-";
    }
    const auto expression = Expression::compile(word(text), names);
    ASSERT_TRUE(expression);
    EXPECT_EQ(expression->evaluate(values, arena), expected);
    EXPECT_EQ(values.asked, 40);
}

TEST(Expression, KnowsWhatItIs) {
    Names names;
    EXPECT_TRUE(Expression{}.is_literal());
    EXPECT_TRUE(Expression::compile(word("a"), names)->is_literal());
    EXPECT_FALSE(Expression::compile(word("$host"), names)->is_literal());
    EXPECT_TRUE(Expression::compile(word("a$1"), names)->uses_captures());
    EXPECT_FALSE(Expression::compile(word("a$host"), names)->uses_captures());
}

TEST(Expression, PointsAtTheVariable) {
    Names names;
    const auto at = [&](const Word& w) { return Expression::compile(w, names).error(); };
    EXPECT_EQ(at(word("/a/$hots/b")).place.column, 9U);
    EXPECT_EQ(at(word("/a/$hots/b", true)).place.column, 10U);
    EXPECT_EQ(at(word("a\tb$hots", true)).place.column, 6U);  // an escape may have stood there: the word's own place
    EXPECT_EQ(at(word("$hots")).suggestion, "did you mean \"$host\"?");
    EXPECT_EQ(at(word("$zzzzzz")).suggestion, "");
    EXPECT_EQ(at(word("$hots")).first_line(), "unknown \"hots\" variable in x.conf:1");
}

}  // namespace
}  // namespace webserv::config
