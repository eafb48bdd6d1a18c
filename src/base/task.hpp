// base/task.hpp: a lazy coroutine that is awaited once and owns its frame; or its result, where nothing has to be waited for.
// The coroutine starts when awaited, resumes its awaiter by symmetric transfer, and takes its frame from the thread's pool.
#pragma once

#include <cassert>
#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "base/frame_pool.hpp"

namespace webserv {

template <class T>
class Task;

namespace detail {

/// What a computation gives, once it is there.
template <class T>
struct Held {
    std::optional<T> value;
    T take() {
        assert(value);  // moved away, or made of nothing
        return std::move(*value);
    }
};

template <>
struct Held<void> {
    void take() const noexcept {}
};

struct PromiseBase {
    std::coroutine_handle<> continuation = std::noop_coroutine();

    static void* operator new(std::size_t bytes) { return frame_pool::allocate(bytes); }
    static void operator delete(void* frame, std::size_t bytes) noexcept { frame_pool::release(frame, bytes); }

    struct FinalAwaiter {
        bool await_ready() const noexcept { return false; }
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> finished) const noexcept {
            return finished.promise().continuation;
        }
        void await_resume() const noexcept {}
    };

    std::suspend_always initial_suspend() const noexcept { return {}; }
    FinalAwaiter final_suspend() const noexcept { return {}; }
    // Expected failures are values; what throws here is a bug or memory that has run out, and the master replaces us.
    void unhandled_exception() const noexcept { std::terminate(); }
};

template <class T>
struct Promise : PromiseBase, Held<T> {
    Task<T> get_return_object() noexcept;
    template <class U = T>
    void return_value(U&& result) {
        this->value.emplace(std::forward<U>(result));
    }
};

template <>
struct Promise<void> : PromiseBase, Held<void> {
    Task<void> get_return_object() noexcept;
    void return_void() const noexcept {}
};

}  // namespace detail

/// A computation that may wait. `co_await std::move(task)` or `co_await function(...)` runs it to its end.
/// A function that is no coroutine may have done at once what takes no waiting: its task has no frame, and ends where it is awaited.
/// It stays where it is while it is awaited. Destroying a task that waits is not allowed: cancel what it waits for, then let it finish.
template <class T = void>
class [[nodiscard]] Task {
public:
    using promise_type = detail::Promise<T>;
    using Handle = std::coroutine_handle<promise_type>;

    Task() = default;  ///< done; of use only where there is no result
    explicit Task(Handle frame) noexcept : frame_{frame} {}
    template <class U = T>
    [[nodiscard]] static Task done(U&& result) {
        Task task;
        task.held_.value.emplace(std::forward<U>(result));
        return task;
    }
    Task(Task&& other) noexcept : frame_{std::exchange(other.frame_, {})}, held_{std::move(other.held_)} {}
    Task& operator=(Task&& other) noexcept {
        if (this != &other) {
            destroy();
            frame_ = std::exchange(other.frame_, {});
            held_ = std::move(other.held_);
        }
        return *this;
    }
    ~Task() { destroy(); }

    auto operator co_await() noexcept {
        struct Awaiter {
            Task& task;
            bool await_ready() const noexcept { return !task.frame_; }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) const noexcept {
                task.frame_.promise().continuation = awaiter;
                return task.frame_;
            }
            T await_resume() const { return task.frame_ ? task.frame_.promise().take() : task.held_.take(); }
        };
        return Awaiter{*this};
    }

private:
    void destroy() noexcept {
        if (frame_) frame_.destroy();
    }

    Handle frame_;
    [[no_unique_address]] detail::Held<T> held_;
};

namespace detail {
template <class T>
Task<T> Promise<T>::get_return_object() noexcept {
    return Task<T>{std::coroutine_handle<Promise>::from_promise(*this)};
}
inline Task<void> Promise<void>::get_return_object() noexcept { return Task<void>{std::coroutine_handle<Promise>::from_promise(*this)}; }
}  // namespace detail

}  // namespace webserv
