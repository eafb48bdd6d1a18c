// io/sleep.hpp: waiting for nothing but the time.
// For pauses and periodic work; waits for a peer have deadlines of their own.
#pragma once

#include <coroutine>

#include "base/result.hpp"
#include "io/loop.hpp"
#include "io/scope.hpp"

namespace webserv::io {

/// co_await gives Result<>: the deadline has come, or operation_canceled.
class [[nodiscard]] Sleep final : private Timer, private Cancellable {
public:
    Sleep(Loop& loop, Scope* scope, Deadline deadline) noexcept;
    ~Sleep() override;

    bool await_ready() const noexcept { return cancelled_ || deadline_ <= loop_.now(); }
    void await_suspend(std::coroutine_handle<> waiter);
    Result<> await_resume() const noexcept;

private:
    void expired() override;
    void cancel() override;

    Loop& loop_;
    Deadline deadline_;
    std::coroutine_handle<> waiter_;
    bool cancelled_ = false;
};

/// @param scope  whose cancel() ends the sleep; may be null
[[nodiscard]] inline Sleep sleep_until(Loop& loop, Scope* scope, Deadline deadline) { return {loop, scope, deadline}; }

}  // namespace webserv::io
