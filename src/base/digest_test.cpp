// base/digest_test.cpp: the RFCs' own examples, and every length around the end of a block.
// The sums over all lengths were made with Python's hashlib.
#include "base/digest.hpp"

#include <gtest/gtest.h>

#include <string>

namespace webserv {
namespace {

template <class Digest>
std::string hex(const Digest& digest) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t octet : digest) {
        text += digits[octet >> 4];
        text += digits[octet & 15];
    }
    return text;
}

TEST(Md5, IsThatOfTheRfc) {
    EXPECT_EQ(hex(md5("")), "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_EQ(hex(md5("abc")), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(hex(md5("abcdefghijklmnopqrstuvwxyz")), "c3fcd3d76192e4007dfb496cca67e13b");
    EXPECT_EQ(hex(md5("12345678901234567890123456789012345678901234567890123456789012345678901234567890")),
              "57edf4a22be3c955ac49da2e2107b67a");
}

TEST(Sha1, IsThatOfTheRfc) {
    EXPECT_EQ(hex(sha1("")), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    EXPECT_EQ(hex(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(hex(sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")), "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    EXPECT_EQ(hex(sha1(std::string(1'000'000, 'a'))), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

// The digest of the digests of 0 to 199 octets, each octet being the length.
template <class Function>
std::string of_all_lengths(Function digest) {
    std::string all;
    for (std::size_t length = 0; length < 200; ++length) all += octets_of(digest(std::string(length, static_cast<char>(length))));
    return hex(digest(all));
}

TEST(Digests, HoldForEveryLength) {
    EXPECT_EQ(of_all_lengths(md5), "eb9c626a23af2ae6711221c324669c58");
    EXPECT_EQ(of_all_lengths(sha1), "3945425e01de26456751bc7df82ff27809984d08");
}

TEST(Digests, AreComparedWhole) {
    EXPECT_TRUE(equal_in_constant_time("", ""));
    EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
    EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
    EXPECT_FALSE(equal_in_constant_time("abc", "xbc"));
    EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
}

}  // namespace
}  // namespace webserv
