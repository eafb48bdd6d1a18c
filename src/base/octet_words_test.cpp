// base/octet_words_test.cpp: every octet at every place of texts of every short length, beside the same question asked octet by octet.
// The texts lie in memory of just their size, so that a sanitizer sees who reads beyond.
#include "base/octet_words.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.hpp"

namespace webserv::octet_words {
namespace {

constexpr std::size_t sizes = 20;  // beyond two words

/// Calls `check` with texts of plain letters, one of which is `octet`.
template <class Check>
void for_each_place(char octet, const Check& check) {
    for (std::size_t size = 1; size < sizes; ++size) {
        for (std::size_t place = 0; place < size; ++place) {
            std::vector<char> text(size, 'x');
            text[place] = octet;
            check(std::string_view{text.data(), text.size()});
        }
    }
}

TEST(OctetWords, TellWhetherAnOctetIsOfAKind) {
    for (int value = 0; value < 256; ++value) {
        const char octet = static_cast<char>(value);
        for_each_place(octet, [&](std::string_view text) {
            ASSERT_EQ(any(text, [](Word word) { return zeros(word) != 0; }), value == 0) << value;
            ASSERT_EQ(any(text, [](Word word) { return equal(word, '\\') != 0; }), octet == '\\') << value;
            ASSERT_EQ(any(text, [](Word word) { return below(word, 0x21) != 0; }), value < 0x21) << value;
            ASSERT_EQ(any(text, [](Word word) { return capitals(word) != 0; }), octet >= 'A' && octet <= 'Z') << value;
        });
    }
}

TEST(OctetWords, FindNothingInNothing) {
    EXPECT_FALSE(any({}, [](Word) { return true; }));
}

// A borrow or a carry must not reach the next octet.
TEST(OctetWords, MakeOnlyCapitalsSmall) {
    for (int before = 0; before < 256; ++before) {
        for (int value = 0; value < 256; ++value) {
            const char octets[] = {static_cast<char>(before), static_cast<char>(value), 'Z', '[', '@', 'A', '\x80', '\xff'};
            std::string expected{octets, sizeof octets};
            for (char& c : expected) c = text::to_lower(c);
            ASSERT_EQ(lower(load(octets)), load(expected.data())) << before << " " << value;
        }
    }
}

TEST(OctetWords, LoadAllOctetsOfAShortText) {
    for (std::size_t size = 1; size < sizeof(Word); ++size) {
        for (std::size_t place = 0; place < size; ++place) {
            std::vector<char> one(size, 'x');
            std::vector<char> other = one;
            other[place] = 'y';
            const std::string_view text{one.data(), size};
            EXPECT_EQ(load_short(text), load_short(std::string(size, 'x')));
            EXPECT_NE(load_short(text), load_short({other.data(), size})) << size << " " << place;
        }
    }
}

}  // namespace
}  // namespace webserv::octet_words
