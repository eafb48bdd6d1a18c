// sys/symlinks_test.cpp: real links, in folders and at the end; of one's own and, for root, of another.
// The same path is opened by each rule.
#include "sys/symlinks.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>

#include "sys/file.hpp"

namespace webserv::sys {
namespace {

class SymlinksTest : public testing::Test {
protected:
    void SetUp() override {
        std::array<char, 32> name{"/tmp/symlinks_test.XXXXXX"};
        folder_ = ::mkdtemp(name.data());
        std::filesystem::create_directories(folder_ + "/a/b");
        ASSERT_TRUE(write_all(*create_or_truncate((folder_ + "/a/b/file").c_str()), "text"));
        link("b", "a/folder_link");
        link("b/file", "a/file_link");
        link(folder_ + "/a", "absolute_link");
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    void link(const std::string& target, const std::string& name) const {
        ASSERT_EQ(::symlink(target.c_str(), (folder_ + "/" + name).c_str()), 0);
    }
    // "text", or the error's number.
    [[nodiscard]] std::string open(const std::string& name, SymlinkRule rule, std::size_t trusted = 0) const {
        const auto file = open_for_reading(folder_ + "/" + name, rule, trusted == 0 ? 0 : folder_.size() + 1 + trusted);
        if (!file) return std::to_string(static_cast<int>(file.error().code));
        const auto status = status_of(*file);
        if (status->is_directory()) return "folder";
        std::array<char, 16> text{};
        return {text.data(), read_at(*file, text, 0).value()};
    }
    static std::string number(int error) { return std::to_string(error); }

    std::string folder_;
};

TEST_F(SymlinksTest, OpensWhatHasNone) {
    for (const auto rule : {SymlinkRule::follow, SymlinkRule::refuse, SymlinkRule::same_owner}) {
        EXPECT_EQ(open("a/b/file", rule), "text");
        EXPECT_EQ(open("a//b///file", rule), "text");
        EXPECT_EQ(open("a/b", rule), "folder");
        EXPECT_EQ(open("a/b/", rule), "folder");
        EXPECT_EQ(open("a/none", rule), number(ENOENT));
        EXPECT_EQ(open("a/b/file/x", rule), number(ENOTDIR));
    }
}

TEST_F(SymlinksTest, RefusesLinksAnywhere) {
    EXPECT_EQ(open("a/file_link", SymlinkRule::refuse), number(ELOOP));
    EXPECT_EQ(open("a/folder_link", SymlinkRule::refuse), number(ELOOP));
    EXPECT_EQ(open("a/folder_link/", SymlinkRule::refuse), number(ENOTDIR));
    EXPECT_EQ(open("a/folder_link/file", SymlinkRule::refuse), number(ENOTDIR));
    EXPECT_EQ(open("absolute_link/b/file", SymlinkRule::refuse), number(ENOTDIR));
}

TEST_F(SymlinksTest, FollowsThoseOfTheTrustedPart) {
    EXPECT_EQ(open("absolute_link/b/file", SymlinkRule::refuse, std::string{"absolute_link"}.size()), "text");
    EXPECT_EQ(open("absolute_link/folder_link/file", SymlinkRule::refuse, std::string{"absolute_link"}.size()), number(ENOTDIR));
    EXPECT_EQ(open("absolute_link/file_link", SymlinkRule::refuse, std::string{"absolute_link"}.size()), number(ELOOP));
}

TEST_F(SymlinksTest, FollowsThoseOfTheSameOwner) {
    for (const std::string name : {"a/file_link", "a/folder_link/file", "absolute_link/b/file"}) {
        EXPECT_EQ(open(name, SymlinkRule::same_owner), "text") << name;
        EXPECT_EQ(open(name, SymlinkRule::follow), "text") << name;
    }
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give links away";
    ASSERT_EQ(::lchown((folder_ + "/a/file_link").c_str(), 65534, 65534), 0);
    ASSERT_EQ(::lchown((folder_ + "/a/folder_link").c_str(), 65534, 65534), 0);
    EXPECT_EQ(open("a/file_link", SymlinkRule::same_owner), number(ELOOP));
    EXPECT_EQ(open("a/folder_link/file", SymlinkRule::same_owner), number(ELOOP));
    EXPECT_EQ(open("a/file_link", SymlinkRule::follow), "text");
}

TEST_F(SymlinksTest, TakesRelativePaths) {
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder_);
    EXPECT_TRUE(open_for_reading("a/b/file", SymlinkRule::refuse));
    EXPECT_TRUE(open_for_reading("./a/b/file", SymlinkRule::refuse));
    EXPECT_FALSE(open_for_reading("a/folder_link/file", SymlinkRule::refuse));
    std::filesystem::current_path(before);
}

TEST_F(SymlinksTest, LooksWithoutReading) {
    for (const auto rule : {SymlinkRule::follow, SymlinkRule::refuse, SymlinkRule::same_owner}) {
        const auto file = status_of(folder_ + "/a/b/file", rule);
        ASSERT_TRUE(file.has_value());
        EXPECT_TRUE(file->is_regular());
        EXPECT_EQ(file->size, 4U);
        EXPECT_TRUE(status_of(folder_ + "/a/b", rule)->is_directory());
        EXPECT_EQ(status_of(folder_ + "/a/none", rule).error().code, std::errc::no_such_file_or_directory);
    }
    EXPECT_TRUE(status_of(folder_ + "/a/file_link", SymlinkRule::same_owner)->is_regular());
    EXPECT_EQ(status_of(folder_ + "/a/file_link", SymlinkRule::refuse).error().code, std::errc::too_many_symbolic_link_levels);
    EXPECT_EQ(status_of(folder_ + "/a/folder_link/file", SymlinkRule::refuse).error().code, std::errc::not_a_directory);
}

}  // namespace
}  // namespace webserv::sys
