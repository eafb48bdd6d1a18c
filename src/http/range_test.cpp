// http/range_test.cpp: the RFC's own examples first, then what attackers send.
// Large numbers matter: they must saturate, not wrap.
#include "http/range.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace webserv::http {
namespace {

struct Case {
    std::string_view text;
    std::uint64_t length;
    Result<ByteRange, RangeError> expected;
};
const auto ignored = std::unexpected{RangeError::ignored};
const auto unsatisfiable = std::unexpected{RangeError::unsatisfiable};

TEST(RangeSpec, SelectsOctets) {
    const Case cases[] = {
        {"0-499", 10000, ByteRange{0, 499}},
        {"500-999", 10000, ByteRange{500, 999}},
        {"-500", 10000, ByteRange{9500, 9999}},
        {"9500-", 10000, ByteRange{9500, 9999}},
        {"0-0", 10000, ByteRange{0, 0}},
        {"-1", 10000, ByteRange{9999, 9999}},
        {"-99999", 10, ByteRange{0, 9}},
        {"0-99999999999999999999999", 10, ByteRange{0, 9}},
        {"-99999999999999999999999", 10, ByteRange{0, 9}},
        {"10-", 10, unsatisfiable},
        {"99999999999999999999999-", 10, unsatisfiable},
        {"0-", 0, unsatisfiable},
        {"-0", 10, unsatisfiable},
        {"-5", 0, ignored},  // 14.1.2 allows it; a 206 can not say it
        {"2-1", 10, ignored},
        {"+1-2", 10, ignored},
        {"1-+2", 10, ignored},
        {"-", 10, ignored},
        {"--1", 10, ignored},
        {"", 10, ignored},
        {"1", 10, ignored},
        {"1-2-3", 10, ignored},
        {"1 -2", 10, ignored},
        {"0x1-2", 10, ignored},
    };
    for (const Case& row : cases) EXPECT_EQ(parse_range_spec(row.text, row.length), row.expected) << row.text;
}

TEST(Range, IsAListOfRanges) {
    using Ranges = std::vector<ByteRange>;
    struct List {
        std::string_view text;
        std::uint64_t length;
        Ranges expected;
    };
    const List lists[] = {
        {"bytes=0-1", 10, {{0, 1}}},
        {"Bytes= 0-1 ", 10, {{0, 1}}},
        {"bytes=0-1,3-4", 10, {{0, 1}, {3, 4}}},
        {"bytes=3-4 ,\t0-1", 10, {{3, 4}, {0, 1}}},  // in the order asked for
        {"bytes=0-0,0-0", 10, {{0, 0}, {0, 0}}},
        {"bytes=0-1,", 10, {{0, 1}}},
        {"bytes=,,0-1,,-1", 10, {{0, 1}, {9, 9}}},
        {"bytes=20-,0-1", 10, {{0, 1}}},  // what can not be satisfied is left out
        {"bytes=0-4,5-9", 10, {{0, 4}, {5, 9}}},
    };
    for (const List& list : lists) {
        const auto ranges = parse_ranges(list.text, list.length, 10, *std::pmr::get_default_resource());
        ASSERT_TRUE(ranges) << list.text;
        EXPECT_EQ(Ranges(ranges->begin(), ranges->end()), list.expected) << list.text;
    }
    const std::pair<std::string_view, RangeError> refused[] = {
        {"bytes=10-", RangeError::unsatisfiable}, {"bytes=10-,20-", RangeError::unsatisfiable},
        {"bytes=0-5,5-9", RangeError::ignored},   {"bytes=0-9,-1", RangeError::ignored},  // more than there is
        {"bytes=0-1,2-1", RangeError::ignored},   {"bytes=0-1;2-3", RangeError::ignored},
        {"bytes=", RangeError::ignored},          {"bytes=,", RangeError::ignored},
        {"bytes", RangeError::ignored},           {"bytes 0-1", RangeError::ignored},
        {"items=0-1", RangeError::ignored},       {"", RangeError::ignored},
    };
    for (const auto& [text, error] : refused) {
        const auto ranges = parse_ranges(text, 10, 10, *std::pmr::get_default_resource());
        ASSERT_FALSE(ranges) << text;
        EXPECT_EQ(ranges.error(), error) << text;
    }
}

TEST(Range, HasAsManyRangesAsAllowed) {
    std::pmr::memory_resource& memory = *std::pmr::get_default_resource();
    EXPECT_EQ(parse_ranges("bytes=0-0,1-1", 10, 2, memory)->size(), 2);
    EXPECT_FALSE(parse_ranges("bytes=0-0,1-1,2-2", 10, 2, memory));
    EXPECT_FALSE(parse_ranges("bytes=0-0", 10, 0, memory));
}

TEST(ContentRange, IsUnderstood) {
    EXPECT_EQ(parse_content_range("bytes 0-499/1234"), (ContentRange{ByteRange{0, 499}, 1234}));
    EXPECT_EQ(parse_content_range("Bytes 5-5/6"), (ContentRange{ByteRange{5, 5}, 6}));
    EXPECT_EQ(parse_content_range("bytes 0-0/*"), (ContentRange{ByteRange{0, 0}, std::nullopt}));
    EXPECT_EQ(parse_content_range("bytes */1234"), (ContentRange{std::nullopt, 1234}));
    for (const std::string_view wrong :
         {"", "bytes", "bytes ", "bytes 0-1", "bytes=0-1/2", "items 0-1/2", "bytes 1-0/2", "bytes 0-2/2", "bytes -1/2", "bytes 0-/2",
          "bytes */*", "bytes 0-1/", "bytes 0-1/x", "bytes  0-1/2", "bytes 0-1/2 ", "bytes 0-18446744073709551616/*"}) {
        EXPECT_EQ(parse_content_range(wrong), std::nullopt) << wrong;
    }
}

}  // namespace
}  // namespace webserv::http
