// http/conditional_test.cpp: preconditions against a strong and a weak etag and a date.
// Rows with two fields tell which of them weighs more.
#include "http/conditional.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "base/arena.hpp"

namespace webserv::http {
namespace {

using Lines = std::vector<std::pair<std::string_view, std::string_view>>;

constexpr std::string_view same = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::string_view earlier = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr std::string_view later = "Sun, 06 Nov 1994 08:49:38 GMT";
const Validators strong{.etag = "\"a\"", .last_modified = 784111777};
const Validators weak{.etag = "W/\"a\"", .last_modified = 784111777};
const Validators none{};

FieldSection section(const Lines& lines, Arena& arena) {
    FieldSection fields{arena};
    for (const auto& [name, value] : lines) fields.add(name, value);
    return fields;
}

TEST(Conditional, ReadsModifiedSinceAsItIsTold) {
    struct Case {
        std::string_view date;
        ModifiedSince mode;
        Condition expected;
    };
    const Case cases[] = {
        {same, ModifiedSince::off, Condition::proceed},          {later, ModifiedSince::off, Condition::proceed},
        {same, ModifiedSince::exact, Condition::not_modified},   {later, ModifiedSince::exact, Condition::proceed},
        {earlier, ModifiedSince::before, Condition::proceed},    {same, ModifiedSince::before, Condition::not_modified},
        {later, ModifiedSince::before, Condition::not_modified}, {"soon", ModifiedSince::before, Condition::proceed},
    };
    for (const Case& c : cases) {
        Arena arena;
        EXPECT_EQ(evaluate(section({{"If-Modified-Since", c.date}}, arena), strong, c.mode), c.expected) << c.date;
        EXPECT_EQ(evaluate(section({{"If-Modified-Since", c.date}}, arena), none, c.mode), Condition::proceed) << c.date;
    }
}

TEST(Conditional, EvaluatesPreconditions) {
    struct Case {
        Lines lines;
        Validators validators;
        Condition expected;
    };
    const Case cases[] = {
        {{}, strong, Condition::proceed},
        {{{"If-Modified-Since", same}}, strong, Condition::not_modified},
        {{{"If-Modified-Since", earlier}}, strong, Condition::proceed},
        {{{"If-Modified-Since", later}}, strong, Condition::proceed},  // nginx's "exact"
        {{{"If-Modified-Since", "soon"}}, strong, Condition::proceed},
        {{{"If-Modified-Since", same}}, none, Condition::proceed},
        {{{"If-None-Match", "\"a\""}}, strong, Condition::not_modified},
        {{{"If-None-Match", "W/\"a\""}}, strong, Condition::not_modified},
        {{{"If-None-Match", "\"a\""}}, weak, Condition::not_modified},
        {{{"If-None-Match", "\"b\" , \"a\""}}, strong, Condition::not_modified},
        {{{"If-None-Match", "\"b\""}, {"If-None-Match", "\"a\""}}, strong, Condition::not_modified},
        {{{"If-None-Match", "\"b,\"a\""}}, strong, Condition::proceed},
        {{{"If-None-Match", "\"x,\\\"a\""}}, strong, Condition::proceed},
        {{{"If-None-Match", "a"}}, strong, Condition::proceed},
        {{{"If-None-Match", "\"aa\""}}, strong, Condition::proceed},
        {{{"If-None-Match", ""}}, strong, Condition::proceed},
        {{{"If-None-Match", "*"}}, strong, Condition::not_modified},
        {{{"If-None-Match", "*"}}, none, Condition::not_modified},
        {{{"If-None-Match", "\"a\""}}, none, Condition::proceed},
        {{{"If-None-Match", "\"a\""}, {"If-Modified-Since", earlier}}, strong, Condition::proceed},  // both must say so
        {{{"If-None-Match", "\"b\""}, {"If-Modified-Since", same}}, strong, Condition::proceed},
        {{{"If-None-Match", "\"a\""}, {"If-Modified-Since", same}}, strong, Condition::not_modified},
        {{{"If-Match", "\"a\""}}, strong, Condition::proceed},
        {{{"If-Match", "*"}}, strong, Condition::proceed},
        {{{"If-Match", "\"b\", \"c\""}}, strong, Condition::failed},
        {{{"If-Match", "W/\"a\""}}, weak, Condition::failed},
        {{{"If-Match", "\"a\""}}, none, Condition::failed},
        {{{"If-Match", "\"b\""}, {"If-None-Match", "\"a\""}}, strong, Condition::failed},
        {{{"If-Unmodified-Since", same}}, strong, Condition::proceed},
        {{{"If-Unmodified-Since", later}}, strong, Condition::proceed},
        {{{"If-Unmodified-Since", earlier}}, strong, Condition::failed},
        {{{"If-Unmodified-Since", "soon"}}, strong, Condition::proceed},
        {{{"If-Unmodified-Since", earlier}}, none, Condition::proceed},
    };
    for (const Case& row : cases) {
        Arena arena;
        EXPECT_EQ(evaluate(section(row.lines, arena), row.validators), row.expected)
            << (row.lines.empty() ? "" : row.lines[0].first) << ": " << (row.lines.empty() ? "" : row.lines[0].second);
    }
}

TEST(Conditional, KnowsWhetherARangeApplies) {
    const auto applies = [](const Lines& lines, const Validators& validators) {
        Arena arena;
        return range_applies(section(lines, arena), validators);
    };
    EXPECT_TRUE(applies({}, none));
    EXPECT_TRUE(applies({{"If-Range", "\"a\""}}, strong));
    EXPECT_TRUE(applies({{"If-Range", same}}, strong));
    EXPECT_FALSE(applies({{"If-Range", "\"b\""}}, strong));
    EXPECT_FALSE(applies({{"If-Range", "W/\"a\""}}, strong));
    EXPECT_FALSE(applies({{"If-Range", "W/\"a\""}}, weak));
    EXPECT_FALSE(applies({{"If-Range", later}}, strong));
    EXPECT_FALSE(applies({{"If-Range", "\"a\""}}, none));
    EXPECT_FALSE(applies({{"If-Range", same}}, none));
    EXPECT_FALSE(applies({{"If-Range", ""}}, none));
}

}  // namespace
}  // namespace webserv::http
