// sys/tree_test.cpp: copies that are like what they were made of, and removals that stop at links.
// Each test has a folder of its own below /tmp.
#include "sys/tree.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace webserv::sys {
namespace {

namespace fs = std::filesystem;

class Trees : public testing::Test {
protected:
    void SetUp() override {
        char name[] = "/tmp/webserv-tree-XXXXXX";
        folder_ = std::string{::mkdtemp(name)} + "/";
        fs::create_directories(folder_ + "a/b/c");
        write("a/file", "file");
        write("a/b/deep", "deep");
        fs::permissions(folder_ + "a/file", fs::perms{0640});
        fs::last_write_time(folder_ + "a/file", fs::file_time_type{} - std::chrono::hours{1000});
        fs::create_symlink("/etc", folder_ + "a/link");
    }
    void TearDown() override { fs::remove_all(folder_); }

    void write(const std::string& name, const std::string& text) const { std::ofstream{folder_ + name} << text; }
    [[nodiscard]] std::string read(const std::string& name) const {
        std::ostringstream text;
        text << std::ifstream{folder_ + name}.rdbuf();
        return text.str();
    }
    [[nodiscard]] std::size_t count(const std::string& name) const {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator{folder_ + name}, fs::directory_iterator{}));
    }

    std::string folder_;
};

TEST_F(Trees, ACopiedFileIsTheSame) {
    write("old", "something longer");
    ASSERT_TRUE(copy_file(folder_ + "a/file", folder_ + "old"));
    EXPECT_EQ(read("old"), "file");
    EXPECT_EQ(fs::status(folder_ + "old").permissions(), fs::perms{0640});
    EXPECT_EQ(fs::last_write_time(folder_ + "old"), fs::last_write_time(folder_ + "a/file"));
    EXPECT_EQ(count(""), 2U);  // nothing is left beside
    EXPECT_EQ(copy_file(folder_ + "none", folder_ + "x").error().code, std::errc::no_such_file_or_directory);
    EXPECT_FALSE(copy_file(folder_ + "a/file", folder_ + "a/b"));
    EXPECT_EQ(count("a"), 3U);
}

TEST_F(Trees, AMovedFileIsGone) {
    ASSERT_TRUE(move_file(folder_ + "a/file", folder_ + "moved"));
    EXPECT_EQ(read("moved"), "file");
    EXPECT_FALSE(fs::exists(folder_ + "a/file"));
    if (fs::status("/dev/shm").type() == fs::file_type::directory && ::access("/dev/shm", W_OK) == 0) {  // another file system
        const std::string there = "/dev/shm/webserv-tree-test-" + std::to_string(::getpid());
        ASSERT_TRUE(move_file(folder_ + "moved", there));
        EXPECT_FALSE(fs::exists(folder_ + "moved"));
        EXPECT_TRUE(fs::remove(there));
    }
}

TEST_F(Trees, ACopiedTreeHasAllButLinkedFolders) {
    fs::create_symlink("file", folder_ + "a/b/linked");
    fs::create_symlink("../file", folder_ + "a/b/linked too");
    ASSERT_TRUE(copy_tree(folder_ + "a", folder_ + "copy"));
    EXPECT_FALSE(fs::exists(folder_ + "copy/b/linked"));  // leads to nothing
    EXPECT_EQ(read("copy/b/linked too"), "file");
    EXPECT_EQ(read("copy/b/deep"), "deep");
    EXPECT_TRUE(fs::is_directory(folder_ + "copy/b/c"));
    EXPECT_EQ(count("copy"), 2U);
    EXPECT_EQ(fs::last_write_time(folder_ + "copy/file"), fs::last_write_time(folder_ + "a/file"));
    EXPECT_FALSE(copy_tree(folder_ + "none", folder_ + "other"));
}

TEST_F(Trees, ACopyIntoItselfEnds) { EXPECT_FALSE(copy_tree(folder_ + "a", folder_ + "a/b/self")); }

TEST_F(Trees, RemovingStopsAtLinks) {
    ASSERT_TRUE(remove_tree(folder_ + "a"));
    EXPECT_EQ(count(""), 0U);
    EXPECT_TRUE(fs::exists("/etc/passwd"));
}

TEST_F(Trees, FoldersAboveAreMadeWithTheirMode) {
    ASSERT_TRUE(make_folders_above(folder_ + "x/y/file", 0750));
    EXPECT_EQ(fs::status(folder_ + "x/y").permissions(), fs::perms{0750});
    EXPECT_FALSE(fs::exists(folder_ + "x/y/file"));
    EXPECT_TRUE(make_folders_above(folder_ + "x/y/file", 0700));
    EXPECT_FALSE(make_folders_above(folder_ + "a/file/x", 0700));
}

}  // namespace
}  // namespace webserv::sys
