// base/text_test.cpp: ASCII, and nothing but ASCII.
// Neighbours of the letters in the table and octets beyond it are where such helpers go wrong.
#include "base/text.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace webserv::text {
namespace {

TEST(Text, IgnoresTheCaseOfAsciiLettersOnly) {
    EXPECT_TRUE(equal_ignoring_case("Content-Type", "cONTENT-tYPE"));
    EXPECT_FALSE(equal_ignoring_case("a", "ab"));
    EXPECT_FALSE(equal_ignoring_case("@", "`"));  // 0x40 and 0x60: neighbours of the letters
    EXPECT_FALSE(equal_ignoring_case("[", "{"));
    EXPECT_FALSE(equal_ignoring_case("\xc4", "\xe4"));
    EXPECT_TRUE(equal_ignoring_case("", ""));
    const std::string letters = "Transfer-Encoding";
    for (std::size_t size = 1; size <= letters.size(); ++size) {
        const std::string name = letters.substr(0, size);
        EXPECT_TRUE(equal_ignoring_case(name, lower(name)));
        for (std::size_t place = 0; place < size; ++place) {
            std::string other = lower(name);
            other[place] = '~';
            EXPECT_FALSE(equal_ignoring_case(name, other)) << other;
        }
    }
    EXPECT_EQ(lower("AZaz@[\xc4"), "azaz@[\xc4");
}

TEST(Text, HexValues) {
    for (int c = 0; c < 256; ++c) {
        const std::string_view digits = "0123456789abcdef";
        const auto position = digits.find(static_cast<char>(c >= 'A' && c <= 'F' ? c + 32 : c));
        EXPECT_EQ(hex_value(static_cast<char>(c)), position == digits.npos ? -1 : static_cast<int>(position)) << c;
    }
}

TEST(Text, TrimsSpacesAndTabs) {
    EXPECT_EQ(trim(" \t a b\t "), "a b");
    EXPECT_EQ(trim(" \t "), "");
    EXPECT_EQ(trim(""), "");
    EXPECT_EQ(trim("\r\n"), "\r\n") << "not optional white space";
}

TEST(Text, ParsesDecimals) {
    struct Case {
        std::string_view digits;
        std::optional<std::uint64_t> expected;
    };
    const Case cases[] = {
        {"0", 0},
        {"007", 7},
        {"18446744073709551615", UINT64_MAX},
        {"18446744073709551616", std::nullopt},
        {"", std::nullopt},
        {"+1", std::nullopt},
        {"-1", std::nullopt},
        {" 1", std::nullopt},
        {"1 ", std::nullopt},
        {"0x1", std::nullopt},
    };
    for (const auto& c : cases) EXPECT_EQ(parse_decimal(c.digits), c.expected) << c.digits;
}

TEST(Text, PlainOctetsEndAtTheFirstThatALogEscapes) {
    const std::string plain = "GET /~a?b=[c]{d}|e HTTP/1.1 and so on until more than a few words are full";
    EXPECT_EQ(plain_octets(plain), plain.size());
    EXPECT_EQ(plain_octets(""), 0U);
    for (int octet = 0; octet < 256; ++octet) {
        const char c = static_cast<char>(octet);
        const bool is_plain = octet >= 0x20 && octet < 0x7f && c != '"' && c != '\\';
        for (std::size_t place = 0; place < plain.size(); ++place) {
            std::string text = plain;
            text[place] = c;
            ASSERT_EQ(plain_octets(text), is_plain ? plain.size() : place) << octet << " at " << place;
            ASSERT_EQ(webserv::text::is_plain(text), is_plain) << octet << " at " << place;
        }
    }
}

TEST(Text, EditDistance) {
    struct Case {
        std::string_view a, b;
        std::size_t expected;
    };
    const Case cases[] = {
        {"", "", 0},     {"", "abc", 3},    {"kitten", "sitting", 3}, {"listen", "lisetn", 1},
        {"ab", "ba", 1}, {"abc", "abc", 0}, {"root", "roots", 1},
    };
    for (const auto& c : cases) {
        EXPECT_EQ(edit_distance(c.a, c.b), c.expected) << c.a << ' ' << c.b;
        EXPECT_EQ(edit_distance(c.b, c.a), c.expected) << c.b << ' ' << c.a;
    }
}

TEST(Text, NearestSuggestsOnlyWhatMayHaveBeenMeant) {
    const std::vector<std::string_view> names{"listen", "root", "index", "server_name", "proxy_pass"};
    EXPECT_EQ(nearest("lisetn", names), "listen");
    EXPECT_EQ(nearest("servername", names), "server_name");
    EXPECT_EQ(nearest("rot", names), "root");
    EXPECT_EQ(nearest("gzip", names), "");
    EXPECT_EQ(nearest("ro", names), "") << "two letters may mean anything";
    EXPECT_EQ(nearest("", names), "");
}

TEST(Text, Base64GoesThereAndBack) {
    struct Case {
        std::string_view octets;
        std::string_view encoded;
    };
    // RFC 4648 section 10, and octets that need the last letters of the alphabet.
    const Case cases[] = {{"", ""},
                          {"f", "Zg=="},
                          {"fo", "Zm8="},
                          {"foo", "Zm9v"},
                          {"foob", "Zm9vYg=="},
                          {"fooba", "Zm9vYmE="},
                          {"foobar", "Zm9vYmFy"},
                          {"\xff\xfe\xfb", "//77"},
                          {"\xfb\xef\xbe", "++++"}};
    for (const Case& each : cases) {
        EXPECT_EQ(encode_base64(each.octets), each.encoded);
        EXPECT_EQ(decode_base64(each.encoded), each.octets);
    }
    EXPECT_EQ(decode_base64("Zg"), "f");
    EXPECT_FALSE(decode_base64("Z-8="));
}

}  // namespace
}  // namespace webserv::text
