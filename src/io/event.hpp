// io/event.hpp: something that happens once or again, for one coroutine that waits for it, with a deadline.
// What has happened before the wait is remembered; what happens twice before it counts once.
#pragma once

#include <coroutine>

#include "base/result.hpp"
#include "io/loop.hpp"
#include "io/scope.hpp"

namespace webserv::io {

class Event final : private Timer, public Cancellable {
public:
    /// @param scope  whose cancel() ends the wait; may be null
    Event(Loop& loop, Scope* scope) noexcept;
    ~Event() override;

    /// On the loop's thread. The waiter resumes later in this turn, or in the next.
    void set();
    void cancel() override;

    /// co_await gives Result<>: it has happened, or timed_out, or operation_canceled.
    class [[nodiscard]] Wait {
    public:
        Wait(Event& event, Deadline deadline) noexcept : event_{event}, deadline_{deadline} {}
        bool await_ready() const noexcept;
        void await_suspend(std::coroutine_handle<> waiter);
        Result<> await_resume() noexcept;

    private:
        Event& event_;
        Deadline deadline_;
    };
    Wait wait(Deadline deadline) noexcept { return {*this, deadline}; }

private:
    void expired() override;
    void wake();

    Loop& loop_;
    std::coroutine_handle<> waiter_;
    bool set_ = false;
    bool cancelled_ = false;
};

}  // namespace webserv::io
