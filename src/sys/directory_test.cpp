// sys/directory_test.cpp: folders as they are: names, links, and what is not a folder.
// Each test has a folder of its own below /tmp.
#include "sys/directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace webserv::sys {
namespace {

using testing::ElementsAre;
using testing::Pair;

struct TemporaryFolder {
    TemporaryFolder() {
        char name[] = "/tmp/webserv-directory-XXXXXX";
        path = ::mkdtemp(name);
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path); }
    std::string path;
};

std::string kind_of(const Result<FileStatus>& status) {
    if (!status) return "error";
    if (status->is_directory()) return "folder";
    return status->is_regular() ? std::to_string(status->size) : "other";
}

std::map<std::string, std::string> contents(const std::string& path) {
    std::map<std::string, std::string> found;
    auto folder = Directory::open(path.c_str());
    EXPECT_TRUE(folder);
    for (;;) {
        const auto name = folder->next();
        EXPECT_TRUE(name);
        if (!name || !*name) return found;
        found.emplace(**name, kind_of(folder->status()));
    }
}

TEST(Directory, GivesEachNameOnceAndSaysWhatItIs) {
    const TemporaryFolder folder;
    std::ofstream{folder.path + "/file"} << "12345";
    std::ofstream{folder.path + "/.hidden"} << "1";
    std::filesystem::create_directory(folder.path + "/sub");
    EXPECT_EQ(::mkfifo((folder.path + "/pipe").c_str(), 0600), 0);
    EXPECT_THAT(contents(folder.path), ElementsAre(Pair(".hidden", "1"), Pair("file", "5"), Pair("pipe", "other"), Pair("sub", "folder")));
}

TEST(Directory, FollowsLinksThatLeadSomewhere) {
    const TemporaryFolder folder;
    std::ofstream{folder.path + "/file"} << "123";
    std::filesystem::create_symlink("file", folder.path + "/link");
    std::filesystem::create_symlink("nothing", folder.path + "/broken");
    std::filesystem::create_symlink("loop", folder.path + "/loop");
    EXPECT_THAT(contents(folder.path), ElementsAre(Pair("broken", "other"), Pair("file", "3"), Pair("link", "3"), Pair("loop", "other")));
}

TEST(Directory, AnEmptyFolderEndsAtOnce) {
    const TemporaryFolder folder;
    EXPECT_TRUE(contents(folder.path).empty());
}

TEST(Directory, SaysWhyItCannotBeOpened) {
    const TemporaryFolder folder;
    std::ofstream{folder.path + "/file"} << "1";
    EXPECT_EQ(Directory::open((folder.path + "/none").c_str()).error().code, std::errc::no_such_file_or_directory);
    EXPECT_EQ(Directory::open((folder.path + "/file").c_str()).error().code, std::errc::not_a_directory);
    EXPECT_EQ(Directory::open((folder.path + "/" + std::string(300, 'x')).c_str()).error().code, std::errc::filename_too_long);
}

TEST(Directory, AMovedOneGoesOn) {
    const TemporaryFolder folder;
    std::ofstream{folder.path + "/file"} << "1";
    auto first = Directory::open(folder.path.c_str());
    ASSERT_TRUE(first);
    Directory second{std::move(*first)};
    const auto name = second.next();
    ASSERT_TRUE(name && *name);
    EXPECT_EQ(**name, "file");
    EXPECT_EQ(kind_of(second.status()), "1");
}

}  // namespace
}  // namespace webserv::sys
