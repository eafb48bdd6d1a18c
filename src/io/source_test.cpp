// io/source_test.cpp: pieces that are never larger than asked for and add up to the whole.
// A file source only names slices: the descriptor is not touched.
#include "io/source.hpp"

#include <gtest/gtest.h>

#include <string>

#include "io/complete.hpp"

namespace webserv::io {
namespace {

class SourceTest : public testing::Test {
protected:
    std::unique_ptr<Loop> loop = std::move(*Loop::create({.simulated_time = true}));
};

TEST_F(SourceTest, MemoryComesInPieces) {
    MemorySource source{"0123456789"};
    EXPECT_EQ(source.length(), 10U);
    std::string text;
    for (;;) {
        const auto piece = complete(*loop, source.next(4));
        ASSERT_TRUE(piece);
        if (piece->is_end()) break;
        EXPECT_LE(piece->bytes.size(), 4U);
        text += piece->bytes;
        EXPECT_EQ(source.length(), 10 - text.size());
    }
    EXPECT_EQ(text, "0123456789");
    EXPECT_TRUE(complete(*loop, source.next(4))->is_end());
}

TEST_F(SourceTest, AFileComesInSlices) {
    const sys::Fd file{7000};  // only named, never used
    FileSource source{file, FileSlice{.offset = 100, .length = 10}};
    std::uint64_t offset = 100;
    for (const std::uint64_t expected : {6U, 4U}) {
        const auto piece = complete(*loop, source.next(6));
        ASSERT_TRUE(piece && !piece->is_end());
        EXPECT_EQ(piece->file, &file);
        EXPECT_EQ(piece->slice.offset, offset);
        EXPECT_EQ(piece->slice.length, expected);
        offset += expected;
    }
    EXPECT_EQ(source.length(), 0U);
    EXPECT_TRUE(complete(*loop, source.next(6))->is_end());
}

TEST_F(SourceTest, GivesAnyPartOfItselfAgainAndAgain) {
    MemorySource memory{"0123456789"};
    const sys::Fd file{7000};
    FileSource slice{file, FileSlice{.offset = 100, .length = 10}};
    for (const auto& [offset, count] : std::initializer_list<std::pair<std::uint64_t, std::uint64_t>>{{7, 3}, {0, 2}, {4, 4}, {0, 10}}) {
        ASSERT_TRUE(memory.narrow(offset, count));
        EXPECT_EQ(complete(*loop, memory.next(20))->bytes, std::string_view{"0123456789"}.substr(offset, count));
        EXPECT_EQ(memory.length(), 0U);
        ASSERT_TRUE(slice.narrow(offset, count));
        EXPECT_EQ(slice.length(), count);
        const auto piece = complete(*loop, slice.next(20));
        EXPECT_EQ(piece->slice.offset, 100 + offset);
        EXPECT_EQ(piece->slice.length, count);
        EXPECT_TRUE(complete(*loop, slice.next(20))->is_end());
    }
}

TEST_F(SourceTest, AfterCancelEveryPieceFails) {
    MemorySource memory{"text"};
    const sys::Fd file;
    FileSource slice{file, FileSlice{.offset = 0, .length = 1}};
    for (Source* const source : std::initializer_list<Source*>{&memory, &slice}) {
        source->cancel();
        const auto piece = complete(*loop, source->next(10));
        ASSERT_FALSE(piece);
        EXPECT_EQ(piece.error().code, std::errc::operation_canceled);
    }
}

}  // namespace
}  // namespace webserv::io
