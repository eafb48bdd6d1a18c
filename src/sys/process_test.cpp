// sys/process_test.cpp: children, signals, users and shared memory, each step on its own.
// Whatever changes the process itself happens in a child.
#include "sys/process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <vector>

#include "sys/shared_memory.hpp"
#include "sys/user.hpp"

namespace webserv::sys {
namespace {

using namespace std::chrono_literals;

/// Runs `life` in a child; its value becomes the exit status.
Result<EndedChild> run_in_child(const std::function<int()>& life) {
    const auto child = fork_process();
    if (!child) return std::unexpected{child.error()};
    if (*child == 0) ::_exit(life());
    return wait_for_child(*child);
}

TEST(Process, TellsHowAChildEnded) {
    const auto exited = run_in_child([] { return 7; });
    ASSERT_TRUE(exited);
    EXPECT_EQ(exited->exit_status, 7);
    EXPECT_EQ(exited->signal, 0);

    const auto killed = run_in_child([] { return ::raise(SIGKILL); });
    ASSERT_TRUE(killed);
    EXPECT_EQ(killed->signal, SIGKILL);
    EXPECT_FALSE(killed->core_dumped);

    EXPECT_FALSE(reap_child());
    EXPECT_EQ(wait_for_child(-1).error().code, std::errc::no_child_process);
}

TEST(Process, AChildKeepsOnlyTheDescriptorsItNames) {
    const auto ended = run_in_child([] {
        std::vector<int> opened;
        for (int i = 0; i < 10; ++i) opened.push_back(::dup(STDERR_FILENO));
        const std::vector<int> kept = {opened[7], opened[2], STDOUT_FILENO, opened[3]};
        close_inherited_except(kept);
        for (int i = 0; i < 10; ++i) {
            const bool is_open = ::fcntl(opened[static_cast<std::size_t>(i)], F_GETFD) >= 0;
            if (is_open != (i == 2 || i == 3 || i == 7)) return 1 + i;
        }
        return ::fcntl(STDIN_FILENO, F_GETFD) >= 0 && ::fcntl(STDERR_FILENO, F_GETFD) >= 0 ? 0 : 100;
    });
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->exit_status, 0);
}

TEST(Process, SharedMemoryIsShared) {
    auto created = SharedMemory::create(100);
    ASSERT_TRUE(created);
    const SharedMemory memory = std::move(*created);
    ASSERT_EQ(memory.bytes().size(), 100U);
    EXPECT_EQ(memory.bytes()[99], std::byte{0});
    auto* const number = new (memory.bytes().data()) std::atomic<int>{1};
    ASSERT_TRUE(run_in_child([&] { return *number = 42, 0; }));
    EXPECT_EQ(*number, 42);
}

TEST(Process, BecomesAnotherUserForGood) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    const auto nobody = find_user("nobody");
    ASSERT_TRUE(nobody);
    const auto ended = run_in_child([&] {
        if (!become_user("nobody", nobody->user, nobody->group)) return 1;
        if (::getuid() != nobody->user || ::geteuid() != nobody->user || ::getegid() != nobody->group) return 2;
        if (::getgroups(0, nullptr) > 1) return 3;  // root's are gone
        if (::setuid(0) == 0) return 4;
        return become_user("root", 0, 0) ? 5 : 0;
    });
    EXPECT_EQ(ended->exit_status, 0);
}

TEST(Process, SignalsAreReadNotHandled) {
    const auto ended = run_in_child([] {
        block_only({SIGTERM, SIGUSR1});
        if (wait_for_signal({SIGTERM}, 0ms)) return 1;
        ::raise(SIGTERM);
        const auto waited = wait_for_signal({SIGTERM, SIGUSR1}, std::nullopt);
        if (!waited || waited->number != SIGTERM || waited->sender != ::getpid()) return 2;

        const auto descriptor = open_signal_descriptor({SIGTERM, SIGUSR1});
        if (!descriptor || read_signal(*descriptor)) return 3;
        ::raise(SIGUSR1);
        const auto read = read_signal(*descriptor);
        return read && read->number == SIGUSR1 && read->sender == ::getpid() && !read_signal(*descriptor) ? 0 : 4;
    });
    EXPECT_EQ(ended->exit_status, 0);
    EXPECT_EQ(ended->signal, 0);
}

TEST(Process, NamesSignals) {
    EXPECT_EQ(signal_name(SIGTERM), "SIGTERM");
    EXPECT_EQ(signal_name(SIGCHLD), "SIGCHLD");
    EXPECT_EQ(signal_name(999), "SIG999");
}

TEST(Process, ABrokenPipeIsAnError) {
    const auto ended = run_in_child([] {
        ignore_broken_pipes();
        auto pair = open_control_pair();
        if (!pair) return 1;
        pair->theirs.reset();
        return ::write(pair->ours.get(), "x", 1) < 0 && errno == EPIPE ? 0 : 2;
    });
    EXPECT_EQ(ended->exit_status, 0);
}

TEST(Process, AControlPairKeepsMessageBounds) {
    const auto pair = open_control_pair();
    ASSERT_TRUE(pair);
    ASSERT_EQ(::send(pair->ours.get(), "one", 3, 0), 3);
    ASSERT_EQ(::send(pair->ours.get(), "three", 5, 0), 5);
    char buffer[16];
    EXPECT_EQ(::recv(pair->theirs.get(), buffer, sizeof buffer, 0), 3);
    EXPECT_EQ(::recv(pair->theirs.get(), buffer, sizeof buffer, 0), 5);
}

TEST(Process, DiesWithItsParentWhenAsked) {
    // The grandchild holds the write end: its death is our end of input.
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const auto ended = run_in_child([&] {
        const auto grandchild = fork_process();
        if (grandchild && *grandchild == 0) {
            if (!set_parent_death_signal(SIGKILL) || ::write(ends[1], "x", 1) != 1) return 1;
            for (;;) ::pause();
        }
        char octet = 0;
        return ::read(ends[0], &octet, 1) == 1 ? 0 : 1;  // it has asked; now we leave
    });
    EXPECT_EQ(ended->exit_status, 0);
    ::close(ends[1]);
    char octet = 0;
    EXPECT_EQ(::read(ends[0], &octet, 1), 0);
    ::close(ends[0]);
}

TEST(Process, ADaemonReportsItsBirth) {
    const auto good = run_in_child([] {
        auto birth = daemonise();
        if (!birth) return 3;
        if (::getsid(0) != ::getpid() || !silence_standard_streams()) return 4;
        birth->succeeded();
        return 5;  // nobody asks
    });
    EXPECT_EQ(good->exit_status, 0);
    const auto bad = run_in_child([] { return daemonise() ? 6 : 3; });
    EXPECT_EQ(bad->exit_status, 1);
}

TEST(User, FindsNamesOrSaysThereIsNone) {
    const auto root = find_user("root");
    ASSERT_TRUE(root);
    EXPECT_EQ(root->user, 0U);
    EXPECT_EQ(root->group, 0U);
    EXPECT_EQ(find_group("root"), gid_t{0});
    EXPECT_EQ(find_user("no such user").error().code, std::errc::no_such_file_or_directory);
    EXPECT_EQ(find_group("no such group").error().code, std::errc::no_such_file_or_directory);
}

}  // namespace
}  // namespace webserv::sys
