// sys/file_test.cpp: files of every kind a server stumbles over: missing, huge, growing, FIFOs, folders.
// Each test has a folder of its own.
#include "sys/file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/uio.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace webserv::sys {
namespace {

class FileTest : public testing::Test {
protected:
    void SetUp() override { std::filesystem::create_directory(folder_); }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }
    [[nodiscard]] std::string make(const std::string& name, std::string_view content) const {
        std::ofstream{path(name)} << content;
        return path(name);
    }

    std::filesystem::path folder_ = std::filesystem::temp_directory_path() / ("webserv_file_test." + std::to_string(::getpid()));
};

TEST_F(FileTest, Status) {
    const std::string file = make("file", "12345");
    const auto status = status_of(file.c_str());
    ASSERT_TRUE(status);
    EXPECT_EQ(status->size, 5U);
    EXPECT_TRUE(status->is_regular());
    EXPECT_FALSE(status->is_directory());
    EXPECT_GT(status->modified_seconds, 1'700'000'000);
    EXPECT_EQ(status_of(*open_for_reading(file.c_str())), *status);
    EXPECT_TRUE(status_of(folder_.c_str())->is_directory());
    EXPECT_EQ(status_of(path("missing").c_str()).error().code, std::errc::no_such_file_or_directory);
    EXPECT_EQ(status_of((file + "/x").c_str()).error().code, std::errc::not_a_directory);
    EXPECT_EQ(status_of(std::string(5000, 'x').c_str()).error().code, std::errc::filename_too_long);
}

TEST_F(FileTest, AFifoHangsNobody) {
    ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
    EXPECT_TRUE(open_for_reading(path("fifo").c_str()));
    EXPECT_EQ(open_for_appending(path("fifo").c_str()).error().code, std::errc::no_such_device_or_address);
}

TEST_F(FileTest, ReadsWhole) {
    EXPECT_EQ(read_whole(make("empty", "").c_str()), "");
    EXPECT_EQ(read_whole(make("small", "abc").c_str()), "abc");
    const std::string large(1'000'000, 'x');
    EXPECT_EQ(read_whole(make("large", large).c_str()), large);
    EXPECT_FALSE(read_whole("/proc/self/status")->empty()) << "a file whose status says 0";
    EXPECT_EQ(read_whole(path("missing").c_str()).error().code, std::errc::no_such_file_or_directory);
    EXPECT_EQ(read_whole(folder_.c_str()).error().code, std::errc::is_a_directory);
}

TEST_F(FileTest, ReadsNoMoreThanAllowed) {
    for (const std::size_t size : {1U, 4095U, 4096U, 4097U, 10000U}) {
        const std::string content(size, 'y');
        const std::string file = make("file", content);
        EXPECT_EQ(read_whole(file.c_str(), size), content);
        EXPECT_EQ(read_whole(file.c_str(), size - 1).error().code, std::errc::file_too_large);
    }
    EXPECT_EQ(read_whole("/dev/zero", 100'000).error().code, std::errc::file_too_large);
}

TEST_F(FileTest, ReadsAPipeUntilItsWriterHasClosed) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const Fd reading{ends[0]};
    std::thread writer{[writing = Fd{ends[1]}] { EXPECT_TRUE(write_all(writing, std::string(300'000, 'p'))); }};
    const auto content = read_whole(("/proc/self/fd/" + std::to_string(reading.get())).c_str());
    writer.join();
    ASSERT_TRUE(content);
    EXPECT_EQ(content->size(), 300'000U);
}

TEST_F(FileTest, AppendsAndTruncates) {
    const std::string file = make("log", "one\n");
    ASSERT_TRUE(write_all(*open_for_appending(file.c_str()), "two\n"));
    EXPECT_EQ(read_whole(file.c_str()), "one\ntwo\n");
    ASSERT_TRUE(write_all(*create_or_truncate(file.c_str()), "three\n"));
    EXPECT_EQ(read_whole(file.c_str()), "three\n");
    EXPECT_TRUE(open_for_appending(path("new").c_str()));
    EXPECT_TRUE(std::filesystem::is_empty(path("new")));
    EXPECT_EQ(write_all(*open_for_reading(file.c_str()), "x").error().code, std::errc::bad_file_descriptor);
    EXPECT_EQ(write_all(*open_for_appending("/dev/full"), "x").error().code, std::errc::no_space_on_device);
}

TEST_F(FileTest, AMappingShowsChanges) {
    const std::string file = make("file", "before");
    const auto reading = open_for_reading(file.c_str());
    auto mapping = Mapping::of(*reading, 6);
    ASSERT_TRUE(mapping);
    EXPECT_EQ(mapping->bytes(), "before");
    const Fd writing{::open(file.c_str(), O_WRONLY | O_CLOEXEC)};
    ASSERT_EQ(::pwrite(writing.get(), "after!", 6, 0), 6);
    EXPECT_EQ(mapping->bytes(), "after!");

    const Mapping moved = std::move(*mapping);
    EXPECT_EQ(moved.bytes(), "after!");
    EXPECT_EQ(Mapping::of(*reading, 0)->bytes(), "");
}

TEST_F(FileTest, ATruncatedMappingIsAnErrorToTheKernel) {
    const std::string file = make("file", std::string(8192, 'm'));
    const auto mapping = Mapping::of(*open_for_reading(file.c_str()), 8192);
    ASSERT_TRUE(mapping);
    std::filesystem::resize_file(file, 0);
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const Fd reading{ends[0]};
    const Fd writing{ends[1]};
    EXPECT_EQ(write_all(writing, mapping->bytes()).error().code, std::errc::bad_address);
}

TEST_F(FileTest, ClosingTellsWhatWasLost) {
    EXPECT_TRUE(close_file(*create_or_truncate(path("new").c_str())));
    EXPECT_EQ(close_file(Fd{}).error().code, std::errc::bad_file_descriptor);
}

TEST_F(FileTest, NotesGoWithAFile) {
    const std::string file = make("file", "x");
    const Fd writing = std::move(*open_for_appending(file.c_str()));
    EXPECT_EQ(read_note(file.c_str(), "user.webserv.test"), std::nullopt);
    const auto written = write_note(writing, "user.webserv.test", "a \"note\"");
    if (!written) {
        EXPECT_EQ(written.error().code, std::errc::operation_not_supported);
        GTEST_SKIP() << "this file system keeps no notes";
    }
    EXPECT_EQ(read_note(file.c_str(), "user.webserv.test"), "a \"note\"");
    EXPECT_TRUE(write_note(writing, "user.webserv.test", ""));
    EXPECT_TRUE(write_note(writing, "user.webserv.test", ""));
    EXPECT_EQ(read_note(file.c_str(), "user.webserv.test"), std::nullopt);
}

}  // namespace
}  // namespace webserv::sys
