// base/task_test.cpp: laziness, results, ownership of frames and of what they hold.
// Without a loop: a driver of a few lines starts tasks, a gate lets them wait.
#include "base/task.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/result.hpp"

namespace webserv {
namespace {

// Starts a task and owns it, as io/scope does, without counting.
struct Driver {
    struct promise_type {
        Driver get_return_object() noexcept { return {}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() const noexcept { std::terminate(); }
    };
};

template <class T>
Driver drive(Task<T> task, std::optional<T>& result) {
    result.emplace(co_await task);
}

template <class T>
std::optional<T> run(Task<T> task) {
    std::optional<T> result;
    drive(std::move(task), result);
    return result;
}

// Something to wait for.
struct Gate {
    std::coroutine_handle<> waiter;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) noexcept { waiter = handle; }
    void await_resume() const noexcept {}
};

// Counts how often it is destroyed.
struct Witness {
    int* deaths;
    explicit Witness(int& count) : deaths{&count} {}
    Witness(Witness&& other) noexcept : deaths{std::exchange(other.deaths, nullptr)} {}
    Witness& operator=(Witness&&) = delete;
    ~Witness() {
        if (deaths != nullptr) ++*deaths;
    }
};

Task<int> give(int value, bool& started) {
    started = true;
    co_return value;
}

TEST(Task, StartsWhenItIsAwaited) {
    bool started = false;
    auto task = give(3, started);
    EXPECT_FALSE(started);
    EXPECT_EQ(run(std::move(task)), 3);
    EXPECT_TRUE(started);
}

Task<int> hold(Witness witness) { co_return witness.deaths != nullptr ? 1 : 0; }

TEST(Task, ThatIsNeverAwaitedFreesItsArguments) {
    int deaths = 0;
    {
        const auto task = hold(Witness{deaths});
    }
    EXPECT_EQ(deaths, 1);
}

TEST(Task, AssignmentEndsTheOldFrame) {
    int deaths = 0;
    auto task = hold(Witness{deaths});
    task = Task<int>{};
    EXPECT_EQ(deaths, 1);
}

TEST(Task, ThatIsDoneGivesItsResultWithoutAFrame) {
    EXPECT_EQ(run(Task<int>::done(4)), 4);
    auto task = Task<std::unique_ptr<std::string>>::done(std::make_unique<std::string>("moved"));
    auto moved = std::move(task);
    EXPECT_EQ(**run(std::move(moved)), "moved");
    const auto wait_for_nothing = []() -> Task<int> {
        co_await Task<>{};
        co_return 5;
    };
    EXPECT_EQ(run(wait_for_nothing()), 5);
}

Task<std::unique_ptr<std::string>> make_text() { co_return std::make_unique<std::string>("moved"); }

Task<std::string> read_text() {
    const auto text = co_await make_text();
    co_return *text;
}

TEST(Task, GivesWhatCanOnlyBeMoved) { EXPECT_EQ(run(read_text()), "moved"); }

Task<Result<int>> fail_or(int value, bool fail) {
    if (fail) co_return std::unexpected{Error{.code = std::errc::timed_out}};
    co_return value;
}

Task<Result<>> succeed() { co_return {}; }

Task<int> sum() {
    int total = 0;
    for (int i = 0; i < 10; ++i) {
        const auto value = co_await fail_or(i, i % 2 == 0);
        if (value) total += *value;
    }
    const auto done = co_await succeed();
    co_return done ? total : -1;
}

TEST(Task, GivesResults) { EXPECT_EQ(run(sum()), 25); }

Task<int> wait_at(Gate& gate, Witness witness) {
    co_await gate;
    co_return witness.deaths != nullptr ? 7 : 0;
}

Task<int> wait_inside(Gate& gate, int& deaths) {
    const int value = co_await wait_at(gate, Witness{deaths});
    EXPECT_EQ(deaths, 1) << "the inner frame ends with the expression that awaited it";
    co_return value + 1;
}

TEST(Task, ResumesItsAwaiterWhenItEnds) {
    Gate gate;
    int deaths = 0;
    std::optional<int> result;
    drive(wait_inside(gate, deaths), result);
    EXPECT_FALSE(result);
    gate.waiter.resume();
    EXPECT_EQ(result, 8);
    EXPECT_EQ(deaths, 1);
}

Task<int> nested(int depth) {
    if (depth == 0) co_return 0;
    const int below = co_await nested(depth - 1);
    co_return below + 1;
}

TEST(Task, Nests) { EXPECT_EQ(run(nested(500)), 500); }

}  // namespace
}  // namespace webserv
