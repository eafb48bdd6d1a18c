// io/file_reading_test.cpp: files by threads and without, cached and not, aligned and not: the octets are the same.
// A file is made cold by posix_fadvise(2); where that does nothing the tests say less, but hold.
#include "io/file_reading.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <string>
#include <tuple>

#include "io/complete.hpp"
#include "io/loop.hpp"
#include "io/offload.hpp"
#include "sys/file.hpp"

namespace webserv::io {
namespace {

class FileReadingTest : public testing::Test {
protected:
    void SetUp() override {
        std::array<char, 40> name{"/tmp/file_reading_test.XXXXXX"};
        file_ = sys::Fd{::mkstemp(name.data())};
        path_ = name.data();
        content_.resize(1'500'001);
        for (std::size_t i = 0; i < content_.size(); ++i) content_[i] = static_cast<char>(i * 7 % 251);
        ASSERT_TRUE(sys::write_all(file_, content_));
    }
    void TearDown() override { ::unlink(path_.c_str()); }

    void make_cold() const {
        ASSERT_EQ(::fsync(file_.get()), 0);
        ASSERT_EQ(::posix_fadvise(file_.get(), 0, 0, POSIX_FADV_DONTNEED), 0);
    }
    // Everything a source gives, in pieces of at most `bytes_max`.
    std::string all_of(Source& source, std::uint64_t bytes_max) {
        std::string text;
        for (;;) {
            const auto piece = complete(*loop_, source.next(bytes_max));
            if (!piece) return "error: " + describe(piece.error());
            if (piece->is_end()) return text;
            const std::uint64_t length = piece->file != nullptr ? piece->slice.length : piece->bytes.size();
            EXPECT_LE(length, bytes_max);
            EXPECT_EQ(source.length(), total_ - text.size() - length);
            if (piece->file != nullptr) {
                std::string slice(length, '\0');
                EXPECT_EQ(sys::read_at(*piece->file, slice, piece->slice.offset), length);
                text += slice;
            } else {
                text += piece->bytes;
            }
        }
    }

    std::unique_ptr<Loop> loop_ = std::move(*Loop::create());
    std::unique_ptr<HelperThreads> threads_ = loop_->make_helper_threads(2, 10);
    Arena arena_;
    sys::Fd file_;
    std::string path_;
    std::string content_;
    std::uint64_t total_ = 0;
};

TEST_F(FileReadingTest, GivesTheSameOctetsEveryWay) {
    const auto direct = sys::reopen_direct(file_);
    for (const bool cold : {true, false}) {
        for (HelperThreads* const threads : {threads_.get(), static_cast<HelperThreads*>(nullptr)}) {
            for (const std::size_t alignment : {0U, 512U, 4096U}) {
                if (alignment > 0 && !direct) continue;  // a file system without
                for (const auto& [offset, length] : {std::tuple{0UL, content_.size()},
                                                     {1UL, 1UL},
                                                     {511UL, 2UL},
                                                     {4095UL, 700'000UL},
                                                     {content_.size() - 3, 3UL},
                                                     {content_.size() - 1'000'000, 1'000'000UL}}) {
                    if (cold) make_cold();
                    total_ = length;
                    const sys::Fd& file = alignment > 0 ? *direct : file_;
                    ReadFileSource source{
                        file, {0, content_.size()}, {.buffer_bytes = 100'000, .alignment = alignment}, {*loop_, threads}, arena_};
                    ASSERT_TRUE(source.narrow(offset, length));
                    ASSERT_EQ(all_of(source, 70'000), content_.substr(offset, length)) << cold << alignment << " " << offset;
                }
            }
            total_ = content_.size() - 10;
            CachedFileSource source{file_, {0, content_.size()}, {*loop_, threads}};
            ASSERT_TRUE(source.narrow(10, total_));
            ASSERT_EQ(all_of(source, 1'000'000), content_.substr(10));
        }
    }
}

TEST_F(FileReadingTest, ReportsAFileThatWasCutShort) {
    ASSERT_EQ(::ftruncate(file_.get(), 1000), 0);
    ReadFileSource source{file_, {0, content_.size()}, {.buffer_bytes = 600}, {*loop_, threads_.get()}, arena_};
    const auto first = complete(*loop_, source.next(600));
    EXPECT_EQ(first->bytes.size(), 600U);
    EXPECT_EQ(complete(*loop_, source.next(600))->bytes.size(), 400U);
    EXPECT_TRUE(complete(*loop_, source.next(600))->is_end());
}

TEST_F(FileReadingTest, KnowsWhatIsCached) {
    char octet = 0;
    make_cold();
    if (sys::read_cached_at(file_, {&octet, 1}, 0)) GTEST_SKIP() << "this file system keeps everything in memory";
    EXPECT_FALSE(sys::is_cached(file_, 0, content_.size()));
    ASSERT_TRUE(sys::read_into_cache(file_, 0, content_.size()));
    EXPECT_TRUE(sys::is_cached(file_, 0, content_.size()));
    EXPECT_TRUE(sys::is_cached(file_, 0, 0));
    EXPECT_EQ(sys::read_cached_at(file_, {&octet, 1}, content_.size()), 0U) << "the end is known without a disk";
    EXPECT_TRUE(sys::read_into_cache(file_, content_.size(), 100));
}

// Whoever asks what is cached makes Linux read ahead, and the disk may be faster than we are: cold anew for each, and more than once.
TEST_F(FileReadingTest, FailsWhereTooManyWait) {
    const auto none = loop_->make_helper_threads(1, 0);
    make_cold();
    char octet = 0;
    if (sys::read_cached_at(file_, {&octet, 1}, 0)) GTEST_SKIP() << "this file system keeps everything in memory";
    CachedFileSource sendfile{file_, {0, content_.size()}, {*loop_, none.get()}};
    ReadFileSource memory{file_, {0, content_.size()}, {.buffer_bytes = 600}, {*loop_, none.get()}, arena_};
    for (Source* const source : {static_cast<Source*>(&sendfile), static_cast<Source*>(&memory)}) {
        Result<Piece> piece;
        for (int attempt = 0; attempt < 100 && piece; ++attempt) {
            make_cold();
            piece = complete(*loop_, source->next(600));
        }
        ASSERT_FALSE(piece);
        EXPECT_EQ(piece.error().code, std::errc::resource_unavailable_try_again);
    }
}

}  // namespace
}  // namespace webserv::io
