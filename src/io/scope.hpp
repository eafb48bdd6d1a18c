// io/scope.hpp: the owner of tasks that run on their own: counts them, cancels them, waits for them.
// No task is detached: what is spawned ends before its scope does.
#pragma once

#include <coroutine>
#include <cstddef>

#include "base/task.hpp"

namespace webserv::io {

class Scope;

/// Something that waits, reachable for its scope: a link in the scope's list. cancel() posts the waiter to the loop, to be resumed
/// with operation_canceled: resumed on the spot it could end tasks, and the scope with them, while the scope still cancels.
class Cancellable {
public:
    explicit Cancellable(Scope* scope) noexcept;
    Cancellable(const Cancellable&) = delete;
    Cancellable& operator=(const Cancellable&) = delete;
    /// Ends the present wait and every later one. Called at most once by the scope; may be called by the owner as well.
    virtual void cancel() = 0;

protected:
    virtual ~Cancellable();
    /// Whether the scope was cancelled before: for constructors, which cancel() does not reach any more.
    [[nodiscard]] bool born_cancelled() const noexcept { return born_cancelled_; }

private:
    friend class Scope;
    void link(Cancellable*& list) noexcept;
    void unlink() noexcept;

    Cancellable** link_ = nullptr;  // what points at this one: the list's head, or the one before
    Cancellable* next_ = nullptr;
    bool born_cancelled_ = false;
};

class Scope {
public:
    Scope() = default;
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope();  ///< asserts that no task is left

    /// Starts the task now; it runs until it first waits. Its frame is freed when it ends.
    void spawn(Task<> task);
    [[nodiscard]] std::size_t task_count() const noexcept { return tasks_; }
    /// What waits without a coroutine counts as a task: from here ...
    void hold() noexcept { ++tasks_; }
    /// ... to here, when its wait has ended and its task, if there is one, was spawned. The scope may be gone afterwards.
    void let_go() { task_ended(); }
    /// Cancels every wait of this scope, now and from now on.
    void cancel();
    [[nodiscard]] bool cancelled() const noexcept { return cancelled_; }

    /// Resumes once the last task has ended (at once if there is none). One waiter at a time.
    struct Finished {
        Scope& scope;
        bool await_ready() const noexcept { return scope.tasks_ == 0; }
        void await_suspend(std::coroutine_handle<> waiter) noexcept { scope.waiter_ = waiter; }
        void await_resume() const noexcept {}
    };
    [[nodiscard]] Finished finished() noexcept { return Finished{*this}; }

private:
    friend class Cancellable;
    struct Root;  // the coroutine around a spawned task
    static Root run(Scope& scope, Task<> task);
    void task_ended();

    std::size_t tasks_ = 0;
    bool cancelled_ = false;
    Cancellable* first_ = nullptr;
    std::coroutine_handle<> waiter_;
};

}  // namespace webserv::io
