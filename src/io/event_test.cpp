// io/event_test.cpp: who is woken, when, and with what outcome.
// Time is simulated.
#include "io/event.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "io/complete.hpp"
#include "io/sleep.hpp"

namespace webserv::io {
namespace {

using namespace std::chrono_literals;

class EventTest : public testing::Test {
protected:
    static Task<Result<>> wait(Event& event, Deadline deadline) {
        const auto happened = co_await event.wait(deadline);
        co_return happened;
    }
    static Task<> set_after(Loop& loop, Event& event, std::chrono::milliseconds time) {
        const auto slept = co_await sleep_until(loop, nullptr, loop.now() + time);
        if (slept) event.set();
    }
    std::string outcome(Deadline deadline) {
        const auto happened = complete(*loop_, wait(event_, deadline));
        return happened ? "set" : std::make_error_code(happened.error().code).message();
    }

    std::unique_ptr<Loop> loop_ = std::move(*Loop::create({.simulated_time = true}));
    Scope scope_;
    Event event_{*loop_, &scope_};
};

TEST_F(EventTest, IsRememberedOnce) {
    event_.set();
    event_.set();
    EXPECT_EQ(outcome(never), "set");
    EXPECT_EQ(outcome(loop_->now() + 1s), "Connection timed out");
}

TEST_F(EventTest, WakesWhoWaits) {
    Scope tasks;
    tasks.spawn(set_after(*loop_, event_, 10ms));
    const TimePoint before = loop_->now();
    EXPECT_EQ(outcome(loop_->now() + 1s), "set");
    EXPECT_EQ(loop_->now() - before, 10ms);
}

TEST_F(EventTest, HasADeadline) {
    Scope tasks;
    tasks.spawn(set_after(*loop_, event_, 30ms));
    EXPECT_EQ(outcome(loop_->now() + 10ms), "Connection timed out");
    EXPECT_EQ(outcome(loop_->now()), "Connection timed out");
    EXPECT_EQ(outcome(never), "set");
}

TEST_F(EventTest, IsCancelledWithItsScope) {
    Scope tasks;
    Result<> happened;
    const auto waiting = [](Event& event, Result<>& into) -> Task<> { into = co_await event.wait(never); };
    tasks.spawn(waiting(event_, happened));
    scope_.cancel();
    while (tasks.task_count() > 0) loop_->turn(never);
    ASSERT_FALSE(happened);
    EXPECT_EQ(happened.error().code, std::errc::operation_canceled);
    EXPECT_EQ(outcome(never), "Operation canceled");
}

}  // namespace
}  // namespace webserv::io
