// server/log_handover_test.cpp: processes that have a log open change over to the file that their parent has now.
// Forks, because two processes have two tables of descriptors.
#include "server/log_handover.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <functional>
#include <string>

#include "sys/file.hpp"
#include "sys/process.hpp"

namespace webserv::server {
namespace {

class LogHandoverTest : public testing::Test {
protected:
    void SetUp() override {
        std::array<char, 32> name{"/tmp/log_handover.XXXXXX"};
        folder_ = ::mkdtemp(name.data());
        ASSERT_TRUE(handover_.open());
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
    [[nodiscard]] LogHandover::Sink sink(const std::string& name) const { return observe::open_sink(path(name)).value(); }
    [[nodiscard]] std::string content(const std::string& name) const { return sys::read_whole(path(name).c_str()).value_or("none"); }
    // As a rotation does it: the descriptor stays, the file behind it is another.
    void rotate(const LogHandover::Sink& log, const std::string& name) const {
        const auto fresh = sink(name);
        ASSERT_GE(::dup2(fresh->file.get(), log->file.get()), 0);
    }
    static void in_child(const std::function<void()>& work) {
        const auto child = sys::fork_process();
        ASSERT_TRUE(child);
        if (*child == 0) {
            work();
            ::_exit(0);
        }
        ASSERT_EQ(sys::wait_for_child(*child).value().exit_status, 0);
    }
    static void write(const LogHandover::Sink& log, std::string_view text) { (void)sys::write_all(log->file, text); }

    std::string folder_;
    LogHandover handover_;
};

TEST_F(LogHandoverTest, ReachesEveryChildAgainAndAgain) {
    const std::array logs = {sink("a"), sink("b")};
    for (const std::string generation : {"1", "2"}) {
        // What a child had when it was born is what it writes to, until it takes over.
        std::array<int, 2> ready{};
        ASSERT_EQ(::pipe(ready.data()), 0);
        std::array<pid_t, 3> children{};
        for (pid_t& child : children) {
            child = sys::fork_process().value();
            if (child != 0) continue;
            char go = 0;
            (void)!::read(ready[0], &go, 1);  // until there has been a rotation
            handover_.take(logs);
            write(logs[0], "a");
            write(logs[1], "b");
            ::_exit(0);
        }
        rotate(logs[0], "a" + generation);
        rotate(logs[1], "b" + generation);
        ASSERT_TRUE(handover_.put(logs));
        ASSERT_EQ(::write(ready[1], "xxx", children.size()), static_cast<ssize_t>(children.size()));
        for (const pid_t child : children) ASSERT_EQ(sys::wait_for_child(child).value().exit_status, 0);
        EXPECT_EQ(content("a" + generation), "aaa");
        EXPECT_EQ(content("b" + generation), "bbb");
        ::close(ready[0]);
        ::close(ready[1]);
    }
    EXPECT_EQ(content("a"), "");
}

TEST_F(LogHandoverTest, TouchesOnlyLogsThatAreKnown) {
    const auto ours = sink("ours");
    const std::array elsewhere = {sink("theirs")};
    ASSERT_TRUE(handover_.put(elsewhere));
    in_child([&] {
        handover_.take(std::array{ours});
        write(ours, "stays");
    });
    EXPECT_EQ(content("ours"), "stays");
    EXPECT_EQ(content("theirs"), "");
}

TEST_F(LogHandoverTest, RefusesMoreThanOnePacketHolds) {
    const std::vector<LogHandover::Sink> many(254, sink("a"));
    const auto put = handover_.put(many);
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().code, std::errc::argument_list_too_long);
    EXPECT_TRUE(handover_.put(std::span{many}.first(253)));
    EXPECT_TRUE(handover_.put({}));
}

}  // namespace
}  // namespace webserv::server
