// io/event.cpp: one flag, one timer, one waiter.
// Whoever sets it is not interrupted by what the waiter does next.
#include "io/event.hpp"

#include <cassert>
#include <utility>

namespace webserv::io {

Event::Event(Loop& loop, Scope* scope) noexcept : Cancellable{scope}, loop_{loop}, cancelled_{born_cancelled()} {}

Event::~Event() {
    assert(!waiter_);
    loop_.timers().disarm(*this);
}

void Event::set() {
    set_ = true;
    wake();
}

void Event::cancel() {
    cancelled_ = true;
    wake();
}

void Event::wake() {
    if (!waiter_) return;
    loop_.timers().disarm(*this);
    loop_.post(std::exchange(waiter_, {}));
}

void Event::expired() { std::exchange(waiter_, {}).resume(); }

bool Event::Wait::await_ready() const noexcept { return event_.set_ || event_.cancelled_ || deadline_ <= event_.loop_.now(); }

void Event::Wait::await_suspend(std::coroutine_handle<> waiter) {
    assert(!event_.waiter_);
    event_.waiter_ = waiter;
    if (deadline_ != never) event_.loop_.timers().arm(event_, deadline_);
}

Result<> Event::Wait::await_resume() noexcept {
    if (event_.cancelled_) return std::unexpected{Error{.code = std::errc::operation_canceled, .doing = "wait"}};
    if (std::exchange(event_.set_, false)) return {};
    return std::unexpected{Error{.code = std::errc::timed_out, .doing = "wait"}};
}

}  // namespace webserv::io
