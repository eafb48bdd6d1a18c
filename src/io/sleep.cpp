// io/sleep.cpp: one timer, one waiter.
// The awaiter itself is the timer: nothing is allocated.
#include "io/sleep.hpp"

#include <utility>

namespace webserv::io {

Sleep::Sleep(Loop& loop, Scope* scope, Deadline deadline) noexcept
    : Cancellable{scope}, loop_{loop}, deadline_{deadline}, cancelled_{born_cancelled()} {}

Sleep::~Sleep() { loop_.timers().disarm(*this); }

void Sleep::await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    if (deadline_ != never) loop_.timers().arm(*this, deadline_);
}

Result<> Sleep::await_resume() const noexcept {
    if (cancelled_) return std::unexpected{Error{.code = std::errc::operation_canceled, .doing = "sleep"}};
    return {};
}

void Sleep::expired() { std::exchange(waiter_, {}).resume(); }

void Sleep::cancel() {
    cancelled_ = true;
    loop_.timers().disarm(*this);
    if (waiter_) loop_.post(std::exchange(waiter_, {}));
}

}  // namespace webserv::io
