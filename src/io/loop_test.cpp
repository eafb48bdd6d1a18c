// io/loop_test.cpp: turns of the loop: events, posted coroutines, hooks, time.
// Mostly in simulated time, where a clock that moves tells that nothing was ready.
#include "io/loop.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <memory>
#include <thread>

#include "io/complete.hpp"
#include "io/sleep.hpp"

namespace webserv::io {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

class Probe final : public Watcher {
public:
    std::function<void(std::uint32_t)> act = [](std::uint32_t) {};
    int calls = 0;
    void on_events(std::uint32_t events) override {
        ++calls;
        act(events);
    }
};

struct SocketPair {
    sys::Fd near, far;
    SocketPair() {
        int numbers[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, numbers), 0);
        near.reset(numbers[0]);
        far.reset(numbers[1]);
    }
    void make_readable() const { EXPECT_EQ(::send(far.get(), "x", 1, 0), 1); }
};

struct PostAgain {
    Loop& loop;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> waiter) { loop.post(waiter); }
    void await_resume() const {}
};

std::unique_ptr<Loop> make_loop(bool simulated = true) {
    auto loop = Loop::create({.simulated_time = simulated});
    EXPECT_TRUE(loop);
    return std::move(*loop);
}

TEST(Loop, HandsOutEdges) {
    const auto loop = make_loop();
    SocketPair pair;
    Probe probe;
    std::uint32_t seen = 0;
    probe.act = [&](std::uint32_t events) { seen = events; };
    ASSERT_TRUE(loop->add(pair.near, probe));
    loop->turn(loop->now());
    EXPECT_EQ(seen, EPOLLOUT);
    pair.make_readable();
    loop->turn(never);
    EXPECT_EQ(seen, EPOLLIN | EPOLLOUT);
    loop->turn(loop->now());
    EXPECT_EQ(probe.calls, 2) << "level-triggered?";
    pair.far.reset();
    loop->turn(never);
    EXPECT_EQ(seen & (EPOLLRDHUP | EPOLLHUP), EPOLLRDHUP | EPOLLHUP);
    loop->remove(pair.near, probe);
}

TEST(Loop, AWatcherRemovedInTheTurnIsNotCalledEvenIfItsNumberAndAddressAreUsedAgain) {
    for (const bool by_remove : {true, false}) {
        const auto loop = make_loop();
        auto one = std::make_unique<SocketPair>();
        auto two = std::make_unique<SocketPair>();
        Probe first, second;
        SocketPair fresh;
        const auto act = [&](SocketPair& other, Probe& other_probe) {
            const int number = other.near.get();
            by_remove ? loop->remove(other.near, other_probe) : loop->forget(other.near, other_probe);
            other.near.reset();
            other_probe.act = [](std::uint32_t events) { EXPECT_EQ(events, EPOLLOUT) << "an event of the former descriptor"; };
            // The same number and the same address, as a new connection would have them.
            other.near.reset(::dup3(fresh.near.get(), number, O_CLOEXEC));
            ASSERT_TRUE(loop->add(other.near, other_probe));
        };
        first.act = [&](std::uint32_t) { act(*two, second); };
        second.act = [&](std::uint32_t) { act(*one, first); };
        ASSERT_TRUE(loop->add(one->near, first, EPOLLIN | EPOLLET));
        ASSERT_TRUE(loop->add(two->near, second, EPOLLIN | EPOLLET));
        one->make_readable();
        two->make_readable();
        loop->turn(never);
        EXPECT_EQ(first.calls + second.calls, 1);
        loop->turn(loop->now());
        EXPECT_EQ(first.calls + second.calls, 2) << "the new registration counts";
        loop->remove(one->near, first);
        loop->remove(two->near, second);
    }
}

TEST(Loop, AForgottenDescriptorThatLivesOnDisturbsNobody) {
    const auto loop = make_loop();
    SocketPair pair;
    const sys::Fd copy{::dup(pair.near.get())};  // as a child process may hold one
    Probe probe;
    ASSERT_TRUE(loop->add(pair.near, probe));
    loop->forget(pair.near, probe);
    pair.make_readable();
    loop->turn(loop->now());
    EXPECT_EQ(probe.calls, 0);
    ASSERT_TRUE(loop->add(pair.near, probe)) << "it may come back";
    loop->turn(loop->now());
    EXPECT_EQ(probe.calls, 1);
    loop->remove(pair.near, probe);
}

TEST(Loop, RefusesWhatCannotBeWatched) {
    const auto loop = make_loop();
    Probe probe;
    EXPECT_EQ(loop->add(sys::Fd{}, probe).error().code, std::errc::bad_file_descriptor);
    const sys::Fd file{::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
    EXPECT_EQ(loop->add(file, probe).error().code, std::errc::operation_not_permitted);
}

Task<> note_turns(Loop& loop, std::vector<std::uint32_t>& turns) {
    PostAgain again{loop};
    for (int i = 0; i < 3; ++i) {
        co_await again;
        turns.push_back(loop.turns());
    }
    loop.stop();
}

TEST(Loop, WhatIsPostedInAResumedCoroutineWaitsForTheNextTurn) {
    const auto loop = make_loop(false);
    std::vector<std::uint32_t> turns;
    Scope scope;
    scope.spawn(note_turns(*loop, turns));
    loop->run();
    EXPECT_THAT(turns, ElementsAre(1, 2, 3));
}

TEST(Loop, CallsHooksInOrderAtTheEndOfEachTurn) {
    const auto loop = make_loop();
    std::vector<int> calls;
    Scope scope;
    std::vector<std::uint32_t> turns;
    scope.spawn(note_turns(*loop, turns));
    loop->at_end_of_turn([&] { calls.push_back(static_cast<int>(turns.size()) * 10); });
    loop->at_end_of_turn([&] {
        calls.push_back(1);
        if (calls.size() == 2) loop->at_end_of_turn([&] { calls.push_back(2); });
    });
    loop->run();
    EXPECT_THAT(calls, ElementsAre(10, 1, 2, 20, 1, 2, 30, 1, 2));
}

Task<> sleep_for(Loop& loop, milliseconds duration, std::vector<milliseconds>& woken, TimePoint start) {
    const auto slept = co_await sleep_until(loop, nullptr, start + duration);
    EXPECT_TRUE(slept);
    woken.push_back(std::chrono::duration_cast<milliseconds>(loop.now() - start));
}

TEST(Loop, SimulatedTimeJumpsFromTimerToTimer) {
    const auto loop = make_loop();
    const auto start = loop->now();
    const auto wall = loop->wall_now();
    EXPECT_EQ(std::chrono::system_clock::to_time_t(wall), 784111777);
    std::vector<milliseconds> woken;
    Scope scope;
    for (const int duration : {3'600'000, 1, 70'000, 1}) scope.spawn(sleep_for(*loop, milliseconds{duration}, woken, start));
    while (scope.task_count() > 0) loop->turn(never);
    EXPECT_THAT(woken, ElementsAre(milliseconds{1}, milliseconds{1}, milliseconds{70'000}, milliseconds{3'600'000}));
    EXPECT_EQ(loop->wall_now() - wall, std::chrono::hours{1});
    loop->turn(loop->now() + std::chrono::hours{2});
    EXPECT_EQ(loop->now() - start, std::chrono::hours{3}) << "a turn's own deadline is reached as well";
}

TEST(Loop, SimulatedTimeStandsStillWhileSomethingIsReady) {
    const auto loop = make_loop();
    const auto start = loop->now();
    SocketPair pair;
    Probe probe;
    ASSERT_TRUE(loop->add(pair.near, probe, EPOLLIN));  // level-triggered: ready in every turn
    pair.make_readable();
    for (int i = 0; i < 5; ++i) loop->turn(start + milliseconds{1});
    EXPECT_EQ(probe.calls, 5);
    EXPECT_EQ(loop->now(), start);
    loop->remove(pair.near, probe);
}

TEST(Loop, RealTimersAreNeverEarlyAndNotMuchTooLate) {
    const auto loop = make_loop(false);
    const auto start = std::chrono::steady_clock::now();
    std::vector<milliseconds> woken;
    complete(*loop, sleep_for(*loop, milliseconds{20}, woken, loop->now()));
    EXPECT_THAT(woken, ElementsAre(testing::AllOf(testing::Ge(milliseconds{20}), testing::Lt(milliseconds{2000}))));
    EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds{20});
    EXPECT_LT(loop->turns(), 6U) << "the loop spins";
}

TEST(Loop, WallClockIsReadOnceATurn) {
    const auto loop = make_loop(false);
    const auto first = loop->wall_now();
    std::this_thread::sleep_for(milliseconds{2});
    EXPECT_EQ(loop->wall_now(), first);
    loop->turn(loop->now());
    EXPECT_GT(loop->wall_now(), first);
}

TEST(Loop, IsWokenByAnotherThread) {
    const auto loop = make_loop(false);
    std::thread other{[&] {
        std::this_thread::sleep_for(milliseconds{5});
        loop->wake();
    }};
    loop->turn(never);
    other.join();
}

TEST(Loop, AStopBeforeRunCounts) {
    const auto loop = make_loop();
    loop->stop();
    loop->run();
    EXPECT_EQ(loop->turns(), 0U);
}

}  // namespace
}  // namespace webserv::io
