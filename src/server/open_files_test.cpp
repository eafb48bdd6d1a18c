// server/open_files_test.cpp: files kept open: never stale whatever happens to the name, and never too many.
// Real files that change under the cache; once with paths that are watched, once with paths that are asked for each time.
#include "server/open_files.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace webserv::server {
namespace {

class OpenFilesTest : public testing::TestWithParam<bool> {
protected:
    OpenFilesTest() {
        char name[] = "/tmp/open_files_test.XXXXXX";
        folder_ = ::mkdtemp(name);
        if (!GetParam()) files_.watch_nothing();
    }
    ~OpenFilesTest() override { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
    std::string write(const std::string& name, std::string_view content) {
        std::ofstream{path(name), std::ios::binary} << content;
        return path(name);
    }
    // Another time of modification: clocks of file systems are too coarse to see two writes of one test.
    static void set_time(const std::string& file, std::time_t second) {
        const timespec times[] = {{second, 0}, {second, 0}};
        ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
    }
    static std::string content(const OpenFile& file) {
        if (file.mapping) return std::string{file.mapping->bytes()};
        std::string text(file.status.size, '\0');
        const ssize_t count = ::pread(file.descriptor.get(), text.data(), text.size(), 0);
        text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
        return text;
    }
    std::shared_ptr<const OpenFile> open(const std::string& file) {
        files_.expect_changes();
        auto found = files_.open(file);
        EXPECT_TRUE(found) << file;
        if (GetParam()) {
            for (int i = 0; i < 10; ++i) (void)files_.open(file);  // now it is worth a watch
        }
        return found ? found->file : nullptr;
    }
    std::errc error_of(const std::string& file) {
        files_.expect_changes();
        const auto found = files_.open(file);
        return found ? std::errc{} : found.error().code;
    }

    OpenFiles files_;
    std::string folder_;
};

TEST_P(OpenFilesTest, AreOpenedOnce) {
    const std::string file = write("a", "hello");
    const auto first = open(file);
    ASSERT_NE(first, nullptr);
    EXPECT_EQ(open(file), first);
    EXPECT_EQ(files_.size(), 1U);
    EXPECT_EQ(content(*first), "hello");
    EXPECT_EQ(first->status.size, 5U);
    const auto large = open(write("large", std::string(100'000, 'x')));
    EXPECT_TRUE(::fcntl(large->descriptor.get(), F_GETFD) & FD_CLOEXEC);
    EXPECT_EQ(content(*large).size(), 100'000U);
}

TEST_P(OpenFilesTest, HaveAnEntityTagOfTimeAndSize) {
    const std::string file = write("a", std::string(255, 'x'));
    set_time(file, 0x5f5e1001);
    EXPECT_EQ(open(file)->entity_tag(), "\"5f5e1001-ff\"");
    const std::string empty = write("b", "");
    set_time(empty, 1);
    EXPECT_EQ(open(empty)->entity_tag(), "\"1-0\"");
}

TEST_P(OpenFilesTest, AreOpenedAnewWhenTimeOrSizeChange) {
    const std::string file = write("a", "one");
    set_time(file, 1000);
    const auto first = open(file);
    write("a", "two");
    set_time(file, 2000);
    const auto second = open(file);
    EXPECT_NE(second, first);
    EXPECT_EQ(second->status.modified_seconds, 2000);
    write("a", "three");
    set_time(file, 2000);
    const auto third = open(file);
    EXPECT_NE(third, second);
    EXPECT_EQ(content(*third), "three");
    EXPECT_NE(third->entity_tag(), second->entity_tag());
    EXPECT_EQ(files_.size(), 1U);
}

TEST_P(OpenFilesTest, AreOpenedAnewWhenReplacedByRename) {
    const std::string file = write("a", "old");
    set_time(file, 1000);
    const auto first = open(file);
    const std::string other = write("b", "new");
    set_time(other, 1000);
    std::filesystem::rename(other, file);
    const auto second = open(file);
    EXPECT_NE(second, first);
    EXPECT_EQ(content(*second), "new");
    EXPECT_EQ(content(*first), "old");  // who still sends it is not disturbed
}

TEST_P(OpenFilesTest, AreForgottenWhenDeleted) {
    const std::string file = write("a", "hello");
    const auto first = open(file);
    std::filesystem::remove(file);
    EXPECT_EQ(error_of(file), std::errc::no_such_file_or_directory);
    EXPECT_EQ(files_.size(), 0U);
    EXPECT_EQ(content(*first), "hello");
    write("a", "again");
    EXPECT_EQ(content(*open(file)), "again");
}

TEST_P(OpenFilesTest, AreFoundAsSoonAsTheyAreThere) {
    const std::string file = path("new");
    for (int i = 0; i < 20; ++i) {
        for (int j = 0; j < 8; ++j) ASSERT_EQ(error_of(file), std::errc::no_such_file_or_directory);
        write("new", std::to_string(i));
        ASSERT_EQ(content(*open(file)), std::to_string(i));
        std::filesystem::remove(file);
    }
}

TEST_P(OpenFilesTest, NamesOfNothingDriveOutNoFiles) {
    const std::string file = write("a", "hello");
    const auto opened = open(file);
    for (int i = 0; i < 2000; ++i) EXPECT_EQ(error_of(path("none" + std::to_string(i))), std::errc::no_such_file_or_directory);
    EXPECT_LE(files_.missing(), 256U);
    EXPECT_EQ(open(file), opened);
}

TEST_P(OpenFilesTest, AreForgottenWhenTheyBecomeFolders) {
    const std::string file = write("a", "hello");
    (void)open(file);
    std::filesystem::remove(file);
    std::filesystem::create_directory(file);
    EXPECT_EQ(open(file), nullptr);
    EXPECT_EQ(files_.size(), 0U);
}

TEST_P(OpenFilesTest, AreOpenedAnewWhenTruncated) {
    const std::string file = write("a", "hello");
    const auto first = open(file);
    ASSERT_EQ(::truncate(file.c_str(), 0), 0);
    const auto second = open(file);
    EXPECT_NE(second, first);
    EXPECT_EQ(second->status.size, 0U);
    EXPECT_FALSE(second->mapping);
}

TEST_P(OpenFilesTest, KnowFoldersButDoNotKeepThem) {
    const auto found = files_.open(folder_);
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->status.is_directory());
    EXPECT_EQ(found->file, nullptr);
    EXPECT_EQ(files_.size(), 0U);
}

TEST_P(OpenFilesTest, DoNotWaitForPipes) {
    ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    const auto found = files_.open(path("pipe"));  // opening it for reading would hang
    ASSERT_TRUE(found);
    EXPECT_FALSE(found->status.is_regular());
    EXPECT_EQ(found->file, nullptr);
    EXPECT_EQ(files_.size(), 0U);
}

TEST_P(OpenFilesTest, FailAsTheSystemCallsDo) {
    write("a", "x");
    EXPECT_EQ(error_of(path("missing")), std::errc::no_such_file_or_directory);
    EXPECT_EQ(error_of(path("a/b")), std::errc::not_a_directory);
    EXPECT_EQ(error_of(path(std::string(300, 'x'))), std::errc::filename_too_long);
    EXPECT_EQ(error_of(path(std::string(5000, 'x'))), std::errc::filename_too_long);
    std::filesystem::create_symlink("loop", path("loop"));
    EXPECT_EQ(error_of(path("loop")), std::errc::too_many_symbolic_link_levels);
}

TEST_P(OpenFilesTest, FollowWhereALinkPointsNow) {
    write("a", "first");
    write("b", "other");
    std::filesystem::create_symlink("a", path("link"));
    EXPECT_EQ(content(*open(path("link"))), "first");
    std::filesystem::remove(path("link"));
    std::filesystem::create_symlink("b", path("link"));
    EXPECT_EQ(content(*open(path("link"))), "other");
}

TEST_P(OpenFilesTest, ShowWritesInPlaceThroughTheMapping) {
    const std::string file = write("a", "hello");
    const auto opened = open(file);
    ASSERT_TRUE(opened->mapping);
    EXPECT_EQ(opened->mapping->bytes(), "hello");
    const int number = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
    ASSERT_EQ(::pwrite(number, "J", 1, 0), 1);
    ::close(number);
    EXPECT_EQ(opened->mapping->bytes(), "Jello");
}

TEST_P(OpenFilesTest, AreMappedOnlyWhenSmall) {
    const struct {
        std::size_t bytes;
        bool mapped;
    } cases[] = {{0, false}, {1, true}, {4096, true}, {32U << 10, true}, {(32U << 10) + 1, false}, {1U << 20, false}};
    for (const auto& c : cases) {
        const auto opened = open(write("f" + std::to_string(c.bytes), std::string(c.bytes, 'x')));
        EXPECT_EQ(opened->mapping.has_value(), c.mapped) << c.bytes;
        EXPECT_EQ(opened->mapping ? opened->mapping->bytes().size() : 0, c.mapped ? c.bytes : 0);
    }
}

TEST_P(OpenFilesTest, KeepTheOnesUsedLastWithinABound) {
    constexpr std::size_t bound = 512;
    const auto first = open(write("first", "1"));
    const auto second = open(write("second", "2"));
    for (std::size_t i = 2; i < bound; ++i) (void)open(write(std::to_string(i), "x"));
    EXPECT_EQ(files_.size(), bound);
    EXPECT_EQ(open(path("first")), first);  // used again: the second is now the one used least lately
    (void)open(write("one more", "x"));
    EXPECT_LE(files_.watched(), bound);
    EXPECT_EQ(files_.size(), bound);
    EXPECT_EQ(open(path("first")), first);
    EXPECT_NE(open(path("second")), second);
    EXPECT_EQ(content(*second), "2");  // whoever holds it can go on
    EXPECT_EQ(files_.size(), bound);
}

INSTANTIATE_TEST_SUITE_P(Unwatched, OpenFilesTest, testing::Values(false));
INSTANTIATE_TEST_SUITE_P(Watched, OpenFilesTest, testing::Values(true));

// What the worker does: nobody says that changes are expected, the loop tells of them.
TEST(OpenFilesOfALoop, SeeInATurnWhatWasChangedBefore) {
    char folder[] = "/tmp/open_files_test.XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    const std::string file = std::string{folder} + "/a";
    const auto write = [](const std::string& path, std::string_view content) { std::ofstream{path, std::ios::binary} << content; };
    const auto loop = std::move(*io::Loop::create({.simulated_time = true}));
    OpenFiles files{loop.get()};
    const auto size_in_the_next_turn = [&] {
        files.turn_ended();
        loop->turn(loop->now());
        const auto found = files.open(file);
        return found ? static_cast<int>(found->status.size) : -1;
    };
    write(file, "x");
    for (int i = 0; i < 10; ++i) EXPECT_EQ(size_in_the_next_turn(), 1);
    EXPECT_EQ(files.watched(), 1U);
    for (int size = 2; size < 200; ++size) {  // often enough to be watched again and again
        write(file, std::string(static_cast<std::size_t>(size), 'x'));
        ASSERT_EQ(size_in_the_next_turn(), size);
        for (int i = 0; i < size; ++i) ASSERT_EQ(size_in_the_next_turn(), size);
    }
    std::filesystem::remove(file);
    EXPECT_EQ(size_in_the_next_turn(), -1);
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace webserv::server
