// io/offload.hpp: work that would block the loop (a resolver, a slow disk, a private key) runs on a helper thread instead.
// `co_await offload(loop, function)` gives the function's result; the coroutine goes on upon its own loop.
#pragma once

#include <condition_variable>
#include <coroutine>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "io/loop.hpp"

namespace webserv::io {

template <class Function>
class [[nodiscard]] Offload {
public:
    using Value = std::invoke_result_t<Function&>;

    Offload(Loop& loop, Function function, HelperThreads* threads) : loop_{loop}, function_{std::move(function)}, threads_{threads} {}
    Offload(const Offload&) = delete;  // the helper thread holds its address
    Offload& operator=(const Offload&) = delete;

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
        loop_.run_elsewhere([this] { run(); }, waiter, threads_);
    }
    Value await_resume() {
        if constexpr (!std::is_void_v<Value>) return std::move(*value_);
    }

private:
    struct Nothing {};

    void run() {
        if constexpr (std::is_void_v<Value>) {
            function_();
        } else {
            value_.emplace(function_());
        }
    }

    Loop& loop_;
    Function function_;
    HelperThreads* threads_;
    std::optional<std::conditional_t<std::is_void_v<Value>, Nothing, Value>> value_;
};

/// Runs `function` on a helper thread; co_await gives what it returns. What it refers to must live until then: it cannot be
/// cancelled, so whoever awaits must bound what it does. It must not throw, and must not touch the loop.
/// @param threads  null: the loop's own
template <class Function>
Offload<Function> offload(Loop& loop, Function function, HelperThreads* threads = nullptr) {
    return Offload<Function>{loop, std::move(function), threads};
}

/// Helper threads of one loop, started when there is work for them.
class HelperThreads {
public:
    struct Bounds {
        std::size_t threads = 4;  ///< jobs wait for disks and resolvers rather than for processors
        std::size_t queue = static_cast<std::size_t>(-1);
    };
    /// @param finished  called on the helper thread when a job is done
    HelperThreads(std::function<void(std::coroutine_handle<>)> finished, const Bounds& bounds);
    HelperThreads(const HelperThreads&) = delete;
    HelperThreads& operator=(const HelperThreads&) = delete;
    ~HelperThreads();  ///< waits for the jobs that run; those that have not begun never will

    /// The queue is bounded by the number of coroutines: each waits for one job at most.
    void submit(std::function<void()> work, std::coroutine_handle<> waiter);
    /// Whether as many jobs wait as may. Nothing keeps others from being submitted: who asks decides.
    [[nodiscard]] bool is_full() const;

private:
    struct Job {
        std::function<void()> work;
        std::coroutine_handle<> waiter;
    };

    void start_thread();
    void serve();

    std::function<void(std::coroutine_handle<>)> finished_;
    Bounds bounds_;
    mutable std::mutex mutex_;
    std::condition_variable there_is_work_;
    std::deque<Job> jobs_;
    std::size_t idle_ = 0;
    bool ending_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace webserv::io
