// config/values_test.cpp: what nginx accepts as a size, a time, a flag or a number, and what it refuses.
// Units, bounds and what is no value at all.
#include "config/values.hpp"

#include <gtest/gtest.h>

namespace webserv::config {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Values, Sizes) {
    struct Case {
        std::string_view text;
        std::optional<std::uint64_t> size, offset;
    };
    const Case cases[] = {
        {"0", 0, 0},
        {"1024", 1024, 1024},
        {"8k", 8192, 8192},
        {"8K", 8192, 8192},
        {"2m", 2097152, 2097152},
        {"2M", 2097152, 2097152},
        {"1g", std::nullopt, 1073741824},
        {"1G", std::nullopt, 1073741824},
        {"", std::nullopt, std::nullopt},
        {"k", std::nullopt, std::nullopt},
        {"-1", std::nullopt, std::nullopt},
        {"+1", std::nullopt, std::nullopt},
        {"1kk", std::nullopt, std::nullopt},
        {"1 k", std::nullopt, std::nullopt},
        {"1.5m", std::nullopt, std::nullopt},
        {"9223372036854775807", 9223372036854775807U, 9223372036854775807U},
        {"9223372036854775808", std::nullopt, std::nullopt},
        {"9007199254740992k", std::nullopt, std::nullopt},
        {"8796093022207m", 9223372036853727232U, 9223372036853727232U},
        {"8796093022208m", std::nullopt, std::nullopt},
        {"8589934592g", std::nullopt, std::nullopt},
    };
    for (const auto& c : cases) {
        EXPECT_EQ(parse_size(c.text), c.size) << c.text;
        EXPECT_EQ(parse_offset(c.text), c.offset) << c.text;
    }
}

TEST(Values, Times) {
    struct Case {
        std::string_view text;
        std::optional<milliseconds> time;
        std::optional<seconds> whole;
    };
    const Case cases[] = {
        {"30", milliseconds{30'000}, seconds{30}},
        {"0", milliseconds{0}, seconds{0}},
        {"500ms", milliseconds{500}, std::nullopt},
        {"30s", milliseconds{30'000}, seconds{30}},
        {"5m", milliseconds{300'000}, seconds{300}},
        {"1h30m", milliseconds{5'400'000}, seconds{5'400}},
        {"1h 30m", milliseconds{5'400'000}, seconds{5'400}},
        {"1d12h", milliseconds{129'600'000}, seconds{129'600}},
        {"1w", milliseconds{604'800'000}, seconds{604'800}},
        {"1h 30", milliseconds{3'630'000}, seconds{3'630}},
        {"1s1ms", milliseconds{1'001}, std::nullopt},
        {"1M", std::nullopt, seconds{2'592'000}},  // nginx counts months and years in whole seconds only
        {"1y", std::nullopt, seconds{31'536'000}},
        {"1y6M", std::nullopt, seconds{47'088'000}},
        {"30m1h", std::nullopt, std::nullopt},
        {"1s1s", std::nullopt, std::nullopt},
        {"1ms1s", std::nullopt, std::nullopt},
        {"", std::nullopt, std::nullopt},
        {"s", std::nullopt, std::nullopt},
        {" ", std::nullopt, std::nullopt},
        {"-1", std::nullopt, std::nullopt},
        {"1x", std::nullopt, std::nullopt},
        {"1.5s", std::nullopt, std::nullopt},
        {"9223372036854775807", std::nullopt, std::nullopt},
        {"99999999999999999999y", std::nullopt, std::nullopt},
        {"9223372036854775807ms1", std::nullopt, std::nullopt},
        {"9223372036854775807ms", milliseconds{9223372036854775807}, std::nullopt},
    };
    for (const auto& c : cases) {
        EXPECT_EQ(parse_time(c.text), c.time) << c.text;
        EXPECT_EQ(parse_seconds(c.text), c.whole) << c.text;
    }
}

TEST(Values, FlagsAndNumbers) {
    EXPECT_EQ(parse_flag("on"), true);
    EXPECT_EQ(parse_flag("OFF"), false);
    EXPECT_EQ(parse_flag("yes"), std::nullopt);
    EXPECT_EQ(parse_flag(""), std::nullopt);
    EXPECT_EQ(parse_number("42"), 42);
    EXPECT_EQ(parse_number("-1"), std::nullopt);
    EXPECT_EQ(parse_number(""), std::nullopt);
    EXPECT_EQ(parse_number("1a"), std::nullopt);
    EXPECT_EQ(parse_number("9223372036854775808"), std::nullopt);
}

}  // namespace
}  // namespace webserv::config
