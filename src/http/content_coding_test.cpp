// http/content_coding_test.cpp: members that an independent reader of gzip gives back.
// One, several in a row, and nothing at all.
#include "http/content_coding.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>
#include <string>

namespace webserv::http {
namespace {

/// Everything in `bytes`, member after member.
std::string inflated(const std::string& bytes) {
    std::string text;
    z_stream stream{};
    EXPECT_EQ(::inflateInit2(&stream, 15 + 16), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    while (stream.avail_in > 0) {
        char part[4096];
        stream.next_out = reinterpret_cast<Bytef*>(part);
        stream.avail_out = sizeof part;
        const int outcome = ::inflate(&stream, Z_NO_FLUSH);
        text.append(part, sizeof part - stream.avail_out);
        if (outcome == Z_STREAM_END) {
            EXPECT_EQ(::inflateReset(&stream), Z_OK);
        } else if (outcome != Z_OK) {
            ADD_FAILURE() << "inflate: " << outcome;
            break;
        }
    }
    ::inflateEnd(&stream);
    return text;
}

TEST(GzipMember, IsReadBack) {
    for (const int level : {1, 6, 9}) {
        const std::string text(100'000, 'x');
        const std::string member = gzip_member(text, level);
        EXPECT_LT(member.size(), 1000U);
        EXPECT_EQ(inflated(member), text);
    }
    EXPECT_EQ(inflated(gzip_member("", 1)), "");
}

TEST(GzipMember, FollowsAnother) { EXPECT_EQ(inflated(gzip_member("one\n", 1) + gzip_member("two\n", 9)), "one\ntwo\n"); }

TEST(GzipMember, TakesWhatCannotBeMadeSmaller) {
    std::mt19937 random{1};
    std::string noise(70'000, '\0');
    for (char& octet : noise) octet = static_cast<char>(random());
    EXPECT_EQ(inflated(gzip_member(noise, 9)), noise);
}

}  // namespace
}  // namespace webserv::http
