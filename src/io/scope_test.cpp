// io/scope_test.cpp: what is spawned ends before its scope; cancel() reaches whatever waits.
// Each Cancellable in turn destroys every subset of the others while all are cancelled.
#include "io/scope.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "io/complete.hpp"
#include "io/loop.hpp"
#include "io/sleep.hpp"

namespace webserv::io {
namespace {

std::unique_ptr<Loop> make_loop() {
    auto loop = Loop::create({.simulated_time = true});
    EXPECT_TRUE(loop);
    return std::move(*loop);
}

Task<> sleep_until_cancelled(Loop& loop, Scope& scope, int& cancelled) {
    const auto slept = co_await sleep_until(loop, &scope, never);
    if (!slept && slept.error().code == std::errc::operation_canceled) ++cancelled;
}

Task<> do_nothing() { co_return; }

Task<> wait_for_end(Scope& scope, bool& ended) {
    co_await scope.finished();
    ended = true;
}

TEST(Scope, CountsItsTasks) {
    const auto loop = make_loop();
    Scope scope;
    scope.spawn(do_nothing());
    EXPECT_EQ(scope.task_count(), 0U);
    int cancelled = 0;
    for (int i = 0; i < 3; ++i) scope.spawn(sleep_until_cancelled(*loop, scope, cancelled));
    EXPECT_EQ(scope.task_count(), 3U);
    scope.cancel();
    EXPECT_EQ(cancelled, 0) << "resumed within cancel()";
    loop->turn(loop->now());
    EXPECT_EQ(cancelled, 3);
    EXPECT_EQ(scope.task_count(), 0U);
}

TEST(Scope, CancelsWhatWaitsLater) {
    const auto loop = make_loop();
    Scope scope;
    scope.cancel();
    EXPECT_TRUE(scope.cancelled());
    int cancelled = 0;
    scope.spawn(sleep_until_cancelled(*loop, scope, cancelled));
    EXPECT_EQ(cancelled, 1);
}

TEST(Scope, WaitsForWhatHasNoTask) {
    Scope scope, observing;
    bool ended = false;
    scope.hold();
    observing.spawn(wait_for_end(scope, ended));
    scope.spawn(do_nothing());
    EXPECT_FALSE(ended);
    scope.let_go();
    EXPECT_TRUE(ended);
}

TEST(Scope, TellsWhenTheLastTaskHasEnded) {
    const auto loop = make_loop();
    Scope outer;
    auto inner = std::make_unique<Scope>();
    bool ended = false;
    outer.spawn(wait_for_end(*inner, ended));
    EXPECT_TRUE(ended) << "no task: at once";

    int cancelled = 0;
    for (int i = 0; i < 2; ++i) inner->spawn(sleep_until_cancelled(*loop, *inner, cancelled));
    ended = false;
    outer.spawn(wait_for_end(*inner, ended));
    EXPECT_FALSE(ended);
    inner->cancel();
    loop->turn(loop->now());
    EXPECT_TRUE(ended);
}

Task<> end_scope(std::unique_ptr<Scope>& scope) {
    co_await scope->finished();
    scope.reset();
}

TEST(Scope, MayBeDestroyedByWhoeverWaitedForItsEnd) {
    const auto loop = make_loop();
    auto inner = std::make_unique<Scope>();
    Scope outer;
    int cancelled = 0;
    inner->spawn(sleep_until_cancelled(*loop, *inner, cancelled));
    outer.spawn(end_scope(inner));
    inner->cancel();
    loop->turn(loop->now());
    EXPECT_EQ(inner, nullptr);
    EXPECT_EQ(outer.task_count(), 0U);
}

// Cancelling one of these destroys others: the one before, the one after, itself.
class Reckless final : public Cancellable {
public:
    Reckless(Scope& scope, std::vector<std::unique_ptr<Reckless>>& all, std::vector<std::size_t> victims, int& calls)
        : Cancellable{&scope}, all_{all}, victims_{std::move(victims)}, calls_{calls} {}
    void cancel() override {
        ++calls_;
        auto& all = all_;
        for (const std::size_t victim : std::vector<std::size_t>{victims_}) all[victim].reset();
    }

private:
    std::vector<std::unique_ptr<Reckless>>& all_;
    std::vector<std::size_t> victims_;
    int& calls_;
};

TEST(Scope, CancelSurvivesTheDestructionOfAnyCancellable) {
    constexpr std::size_t count = 5;
    for (std::size_t killer = 0; killer < count; ++killer) {
        for (unsigned victims = 0; victims < (1U << count); ++victims) {
            Scope scope;
            std::vector<std::unique_ptr<Reckless>> all(count);
            std::vector<std::size_t> chosen;
            for (std::size_t i = 0; i < count; ++i) {
                if ((victims >> i & 1) != 0) chosen.push_back(i);
            }
            int calls = 0;
            for (std::size_t i = 0; i < count; ++i) {
                all[i] = std::make_unique<Reckless>(scope, all, i == killer ? chosen : std::vector<std::size_t>{}, calls);
            }
            scope.cancel();
            EXPECT_GE(calls, 1);
            EXPECT_LE(calls, static_cast<int>(count));
            if (chosen.empty()) {
                EXPECT_EQ(calls, static_cast<int>(count));
            }
        }
    }
}

TEST(Scope, WhatOutlivesItIsLetGo) {
    const auto loop = make_loop();
    auto scope = std::make_unique<Scope>();
    const Sleep one{*loop, scope.get(), never};
    const Sleep two{*loop, scope.get(), never};
    scope.reset();
}

}  // namespace
}  // namespace webserv::io
