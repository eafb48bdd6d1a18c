// http/date_test.cpp: the RFC's own example in three forms, the calendar's corners, and there and back.
// Texts that are nearly dates must be refused, for a wrong date is worse than none.
#include "http/date.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace webserv::http {
namespace {

std::string formatted(std::time_t time) {
    std::string text(date_bytes, '?');
    format_date(time, text.data());
    return text;
}

TEST(HttpDate, ReadsTheThreeForms) {
    EXPECT_EQ(parse_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
    EXPECT_EQ(parse_date("Sunday, 06-Nov-94 08:49:37 GMT"), 784111777);
    EXPECT_EQ(parse_date("Sun Nov  6 08:49:37 1994"), 784111777);
    EXPECT_EQ(parse_date("Wed Nov 16 08:49:37 1994"), 784975777);
    EXPECT_EQ(parse_date("Thursday, 01-Jan-70 00:00:00 GMT"), 0);
    EXPECT_EQ(parse_date("Friday, 01-Jan-69 00:00:00 GMT"), 3124224000);  // 2069
    EXPECT_EQ(parse_date("Thu, 29 Feb 2024 23:59:60 GMT"), 1709251200);
}

TEST(HttpDate, RefusesOtherText) {
    for (const std::string_view text : {
             "",
             "now",
             "Sun, 06 Nov 1994 08:49:37",
             "Sun, 06 Nov 1994 08:49:37 CET",
             "Sun, 06 Nov 1994 08:49:37 GMT ",
             "Sun,  6 Nov 1994 08:49:37 GMT",
             "sun, 06 Nov 1994 08:49:37 GMT",
             "Sun, 06 nov 1994 08:49:37 GMT",
             "Sun, 06 Nov 1994 24:49:37 GMT",
             "Sun, 06 Nov 1994 08:60:37 GMT",
             "Sun, 06 Nov 1994 08:49:61 GMT",
             "Sun, 31 Nov 1994 08:49:37 GMT",
             "Sun, 00 Nov 1994 08:49:37 GMT",
             "Wed, 29 Feb 2023 00:00:00 GMT",
             "Sun, -6 Nov 1994 08:49:37 GMT",
             "Sun, 06 Nov +994 08:49:37 GMT",
             "Sun, 06-Nov-94 08:49:37 GMT",
             "Sunday, 06 Nov 1994 08:49:37 GMT",
             "Sun Nov 06 08:49:37 94",
             "Sun Nov  6 08:49:37 1994 GMT",
         }) {
        EXPECT_EQ(parse_date(text), std::nullopt) << text;
    }
}

TEST(HttpDate, WritesFixdates) {
    EXPECT_EQ(formatted(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(formatted(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(formatted(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
    EXPECT_EQ(formatted(951782400), "Tue, 29 Feb 2000 00:00:00 GMT");
    EXPECT_EQ(formatted(253402300800), "Fri, 31 Dec 9999 23:59:59 GMT");  // no room for more
    EXPECT_EQ(formatted(INT64_MIN), "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST(HttpDate, ComesBackFromText) {
    std::mt19937_64 random{1};
    std::uniform_int_distribution<std::time_t> times{-62167219200, 253402300799};
    for (int i = 0; i < 20'000; ++i) {
        const std::time_t time = times(random);
        EXPECT_EQ(parse_date(formatted(time)), time);
    }
}

}  // namespace
}  // namespace webserv::http
