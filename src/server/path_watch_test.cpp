// server/path_watch_test.cpp: whatever can happen to a path is noticed, and what happens beside it is not.
// Each case changes real files and folders once the path is watched.
#include "server/path_watch.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

namespace webserv::server {
namespace {

namespace fs = std::filesystem;

// root/real/deep/file, reached as root/link/deep/file, where link is a symbolic link to "current", which leads to "real".
class PathWatchTest : public testing::Test {
protected:
    PathWatchTest() {
        char name[] = "/tmp/path_watch_test.XXXXXX";
        root_ = ::mkdtemp(name);
        fs::create_directories(at("real/deep"));
        fs::create_directories(at("other/deep"));
        write("real/deep/file", "one");
        write("other/deep/file", "two");
        fs::create_symlink("real", at("current"));
        fs::create_symlink("./other/../current/", at("link"));
    }
    ~PathWatchTest() override { fs::remove_all(root_); }

    [[nodiscard]] std::string at(const std::string& name) const { return root_ + "/" + name; }
    void write(const std::string& name, std::string_view content) const { std::ofstream{at(name), std::ios::binary} << content; }

    std::string root_;
    PathWatch watch_;
    WatchedPath path_;
};

TEST_F(PathWatchTest, NoticesWhateverChangesWhatThePathNames) {
    const struct {
        const char* what;
        std::function<void()> change;
    } cases[] = {
        {"written in place", [this] { write("real/deep/file", "new"); }},
        {"truncated", [this] { ASSERT_EQ(::truncate(at("real/deep/file").c_str(), 1), 0); }},
        {"another time", [this] { fs::last_write_time(at("real/deep/file"), fs::file_time_type::clock::now()); }},
        {"another mode", [this] { fs::permissions(at("real/deep/file"), fs::perms::owner_read); }},
        {"deleted", [this] { fs::remove(at("real/deep/file")); }},
        {"renamed", [this] { fs::rename(at("real/deep/file"), at("real/deep/aside")); }},
        {"replaced", [this] { write("new", "n"), fs::rename(at("new"), at("real/deep/file")); }},
        {"another file's name taken away and given to it", [this] { fs::remove(at("real/deep/file")), write("real/deep/file", "n"); }},
        {"its folder renamed", [this] { fs::rename(at("real/deep"), at("real/aside")); }},
        {"its folder's mode changed", [this] { fs::permissions(at("real/deep"), fs::perms::owner_all); }},
        {"the folder above renamed", [this] { fs::rename(at("real"), at("aside")); }},
        {"a link on the way deleted", [this] { fs::remove(at("link")); }},
        {"a link on the way replaced", [this] { fs::create_symlink("other", at("new")), fs::rename(at("new"), at("link")); }},
        {"the link behind the link replaced", [this] { fs::create_symlink("other", at("new")), fs::rename(at("new"), at("current")); }},
        {"a folder that a link only passes replaced", [this] { fs::rename(at("other"), at("aside")); }},
        {"the first folder renamed", [this] { fs::rename(root_, root_ + ".aside"), fs::rename(root_ + ".aside", root_); }},
    };
    for (const auto& c : cases) {
        fs::remove_all(root_);
        fs::create_directories(at("real/deep"));
        fs::create_directories(at("other/deep"));
        write("real/deep/file", "one");
        fs::create_symlink("real", at("current"));
        fs::create_symlink("./other/../current/", at("link"));
        ASSERT_TRUE(watch_.watch(at("link/deep/file"), path_)) << c.what;
        watch_.catch_up();
        ASSERT_TRUE(path_.untouched()) << c.what;
        c.change();
        watch_.catch_up();
        EXPECT_FALSE(path_.untouched()) << c.what;
    }
}

TEST_F(PathWatchTest, IsToldByTheLoopOnceUntilItHasCaughtUp) {
    const auto loop = std::move(*io::Loop::create({.simulated_time = true}));
    PathWatch told{loop.get()};
    WatchedPath other;
    ASSERT_TRUE(told.watch(at("real/deep/file"), path_));
    ASSERT_TRUE(told.watch(at("other/deep/file"), other));
    ASSERT_TRUE(told.is_told());
    const auto turn = [&] { loop->turn(loop->now()); };
    turn();
    EXPECT_FALSE(told.has_news());
    write("real/deep/file", "new");
    EXPECT_FALSE(told.has_news());  // before the next turn
    turn();
    EXPECT_TRUE(told.has_news());
    told.catch_up();
    EXPECT_FALSE(told.has_news());
    EXPECT_FALSE(path_.untouched());
    EXPECT_TRUE(other.untouched());
    turn();
    EXPECT_FALSE(told.has_news());
    write("other/deep/file", "new");
    turn();
    EXPECT_TRUE(told.has_news());
    told.catch_up();
    EXPECT_FALSE(other.untouched());
}

// The order of events in a turn is that of what has happened, whoever was registered first.
TEST_F(PathWatchTest, IsToldBeforeWhatWasSentAfterTheChange) {
    struct Peer final : io::Watcher {
        void on_events(std::uint32_t) override { knew = told->has_news(); }
        const PathWatch* told = nullptr;
        bool knew = false;
    };
    const auto loop = std::move(*io::Loop::create({.simulated_time = true}));
    const sys::Fd requests{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    Peer peer;
    ASSERT_TRUE(loop->add(requests, peer, EPOLLIN | EPOLLET));
    PathWatch told{loop.get()};
    peer.told = &told;
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(told.watch(at("real/deep/file"), path_));
        write("real/deep/file", "new");
        ::eventfd_write(requests.get(), 1);
        loop->turn(loop->now());
        ASSERT_TRUE(peer.knew) << i;
        told.catch_up();
        ASSERT_FALSE(path_.untouched()) << i;
    }
    loop->forget(requests, peer);
}

// Whoever watches nothing any more still has to empty the kernel's queue, or the loop would tell it the same again and again.
TEST_F(PathWatchTest, LearnsWhatConcernsNobody) {
    const auto loop = std::move(*io::Loop::create({.simulated_time = true}));
    PathWatch told{loop.get()};
    ASSERT_TRUE(told.watch(at("real/deep/file"), path_));
    write("real/deep/file", "new");
    told.unwatch(path_);
    loop->turn(loop->now());
    EXPECT_TRUE(told.has_news());
    told.catch_up();
    loop->turn(loop->now());
    EXPECT_FALSE(told.has_news());
}

TEST_F(PathWatchTest, NoticesAWriteByAnotherName) {
    fs::create_hard_link(at("real/deep/file"), at("elsewhere"));
    ASSERT_TRUE(watch_.watch(at("real/deep/file"), path_));
    write("elsewhere", "new");
    watch_.catch_up();
    EXPECT_FALSE(path_.untouched());
}

TEST_F(PathWatchTest, NoticesTheEndOfAMappingThatWasWrittenTo) {
    ASSERT_TRUE(watch_.watch(at("real/deep/file"), path_));
    {
        const int file = ::open(at("real/deep/file").c_str(), O_RDWR | O_CLOEXEC);
        void* const memory = ::mmap(nullptr, 3, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        ASSERT_NE(memory, MAP_FAILED);
        ::close(file);
        *static_cast<char*>(memory) = 'O';
        ::munmap(memory, 3);
    }
    watch_.catch_up();
    EXPECT_FALSE(path_.untouched());
}

TEST_F(PathWatchTest, DoesNotMindWhatHappensBeside) {
    ASSERT_TRUE(watch_.watch(at("link/deep/file"), path_));
    write("real/deep/another", "x");
    write("other/deep/file", "x");
    fs::rename(at("real/deep/another"), at("real/beside"));
    fs::create_directory(at("real/deep/folder"));
    std::string read;
    std::ifstream{at("real/deep/file")} >> read;
    watch_.catch_up();
    EXPECT_TRUE(path_.untouched());
}

TEST_F(PathWatchTest, CanWatchAgainWhatWasTouched) {
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(watch_.watch(at("link/deep/file"), path_));
        write("real/deep/file", std::to_string(i));
        watch_.catch_up();
        ASSERT_FALSE(path_.untouched());
    }
}

TEST_F(PathWatchTest, TellsPathsOfTheSameFolderApart) {
    WatchedPath other;
    write("real/deep/other", "x");
    ASSERT_TRUE(watch_.watch(at("real/deep/file"), path_));
    ASSERT_TRUE(watch_.watch(at("real/deep/other"), other));
    fs::remove(at("real/deep/other"));
    watch_.catch_up();
    EXPECT_TRUE(path_.untouched());
    EXPECT_FALSE(other.untouched());
    watch_.unwatch(path_);
    EXPECT_FALSE(path_.untouched());
}

TEST_F(PathWatchTest, NoticesThatSomethingComes) {
    fs::create_symlink("deep/nothing", at("real/dangling"));
    const struct {
        const char* what;
        std::function<void()> change;
    } cases[] = {
        {"a file", [this] { write("real/deep/nothing", "x"); }},
        {"a folder", [this] { fs::create_directory(at("real/deep/nothing")); }},
        {"a link", [this] { fs::create_symlink("file", at("real/deep/nothing")); }},
        {"a hard link", [this] { fs::create_hard_link(at("real/deep/file"), at("real/deep/nothing")); }},
        {"a file of another name", [this] { fs::rename(at("real/deep/file"), at("real/deep/nothing")); }},
        {"another folder", [this] { fs::rename(at("real/deep"), at("real/aside")); }},
    };
    for (const auto& c : cases) {
        fs::remove_all(at("real/aside"));
        fs::remove_all(at("real/deep/nothing"));
        fs::create_directories(at("real/deep"));
        write("real/deep/file", "x");
        WatchedPath dangling;
        ASSERT_TRUE(watch_.watch(at("link/deep/nothing"), path_)) << c.what;
        ASSERT_TRUE(watch_.watch(at("link/dangling"), dangling)) << c.what;
        write("real/deep/file", "y");
        watch_.catch_up();
        ASSERT_TRUE(path_.untouched() && dangling.untouched()) << c.what;
        c.change();
        watch_.catch_up();
        EXPECT_FALSE(path_.untouched()) << c.what;
        EXPECT_FALSE(dangling.untouched()) << c.what;
    }
}

TEST_F(PathWatchTest, RefusesWhatItCannotFollow) {
    fs::create_symlink("loop", at("loop"));
    for (const std::string& name : {at("missing/file"), at("loop"), std::string{"relative"}, std::string{"/proc/self/status"}}) {
        EXPECT_FALSE(watch_.watch(name, path_)) << name;
        EXPECT_FALSE(path_.untouched()) << name;
    }
}

// More changes than the kernel keeps (fs.inotify.max_queued_events): then nobody can know.
TEST_F(PathWatchTest, TrustsNothingOnceChangesWereLost) {
    std::ifstream limit{"/proc/sys/fs/inotify/max_queued_events"};
    int events = 0;
    ASSERT_TRUE(limit >> events);
    if (events > 100'000) GTEST_SKIP() << "the queue is too long to fill";
    ASSERT_TRUE(watch_.watch(at("real/deep/file"), path_));
    for (int i = 0; i <= events; ++i) {  // two different ones in turn: the kernel merges equal ones
        const std::string name = at(i % 2 == 0 ? "real/deep/a" : "real/deep/b");
        ASSERT_EQ(::symlink("x", name.c_str()), 0);
        ASSERT_EQ(::unlink(name.c_str()), 0);
    }
    watch_.catch_up();
    EXPECT_FALSE(path_.untouched());
    EXPECT_TRUE(watch_.watch(at("real/deep/file"), path_));
    watch_.catch_up();
    EXPECT_TRUE(path_.untouched());
}

}  // namespace
}  // namespace webserv::server
