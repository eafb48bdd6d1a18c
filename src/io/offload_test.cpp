// io/offload_test.cpp: work on helper threads, results on the loop's own.
// Simulated time must not run away while a helper works.
#include "io/offload.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <memory>
#include <set>
#include <string>

#include "io/complete.hpp"

namespace webserv::io {
namespace {

std::unique_ptr<Loop> make_loop(bool simulated) {
    auto loop = Loop::create({.simulated_time = simulated});
    EXPECT_TRUE(loop);
    return std::move(*loop);
}

Task<std::string> ask_elsewhere(Loop& loop, std::thread::id& worker, std::thread::id& after) {
    const auto work = [&worker] {
        worker = std::this_thread::get_id();
        return std::make_unique<std::string>("answer");  // a result that can only be moved
    };
    const auto answer = co_await offload(loop, work);
    after = std::this_thread::get_id();
    co_return *answer;
}

TEST(Offload, GivesTheResultOnTheLoopsThread) {
    const auto loop = make_loop(false);
    std::thread::id worker, after;
    EXPECT_EQ(complete(*loop, ask_elsewhere(*loop, worker, after)), "answer");
    EXPECT_EQ(after, std::this_thread::get_id());
    EXPECT_NE(worker, after);
}

Task<> count_elsewhere(Loop& loop, std::atomic<int>& count) {
    const auto work = [&count] {
        std::this_thread::sleep_for(std::chrono::microseconds{200});
        ++count;
    };
    for (int i = 0; i < 5; ++i) co_await offload(loop, work);
}

TEST(Offload, ServesMoreThanItHasThreads) {
    const auto loop = make_loop(false);
    std::atomic<int> count = 0;
    Scope scope;
    for (int i = 0; i < 40; ++i) scope.spawn(count_elsewhere(*loop, count));
    while (scope.task_count() > 0) loop->turn(never);
    EXPECT_EQ(count, 200);
}

Task<> look_at_signals(Loop& loop, bool& blocked) {
    const auto work = [] {
        sigset_t set;
        pthread_sigmask(SIG_SETMASK, nullptr, &set);
        return sigismember(&set, SIGTERM) == 1 && sigismember(&set, SIGCHLD) == 1 && sigismember(&set, SIGHUP) == 1;
    };
    blocked = co_await offload(loop, work);
}

TEST(Offload, HelpersBlockSignalsAndTheLoopDoesNot) {
    const auto loop = make_loop(false);
    bool blocked = false;
    complete(*loop, look_at_signals(*loop, blocked));
    EXPECT_TRUE(blocked);
    sigset_t set;
    pthread_sigmask(SIG_SETMASK, nullptr, &set);
    EXPECT_EQ(sigismember(&set, SIGTERM), 0);
}

TEST(Offload, SimulatedTimeStandsStillMeanwhile) {
    const auto loop = make_loop(true);
    const auto start = loop->now();
    std::atomic<int> count = 0;
    complete(*loop, count_elsewhere(*loop, count));
    EXPECT_EQ(loop->now(), start);
    EXPECT_EQ(count, 5);
}

}  // namespace
}  // namespace webserv::io
