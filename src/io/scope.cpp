// io/scope.cpp: the coroutine around a spawned task, and the list of what waits.
// Cancelling visits a list that shrinks under its hands, so no iterator is kept over a call.
#include "io/scope.hpp"

#include <cassert>
#include <utility>

namespace webserv::io {

// Starts at once, frees itself at its end.
struct Scope::Root {
    struct promise_type {
        static void* operator new(std::size_t bytes) { return frame_pool::allocate(bytes); }
        static void operator delete(void* frame, std::size_t bytes) noexcept { frame_pool::release(frame, bytes); }
        Root get_return_object() const noexcept { return {}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() const noexcept { std::terminate(); }
    };
};

Cancellable::Cancellable(Scope* scope) noexcept {
    if (scope == nullptr) return;
    born_cancelled_ = scope->cancelled_;
    link(scope->first_);
}

Cancellable::~Cancellable() { unlink(); }

void Cancellable::link(Cancellable*& list) noexcept {
    next_ = list;
    link_ = &list;
    if (next_ != nullptr) next_->link_ = &next_;
    list = this;
}

void Cancellable::unlink() noexcept {
    if (link_ == nullptr) return;
    *link_ = next_;
    if (next_ != nullptr) next_->link_ = link_;
    link_ = nullptr;
    next_ = nullptr;
}

Scope::~Scope() {
    assert(tasks_ == 0);
    while (first_ != nullptr) first_->unlink();
}

void Scope::spawn(Task<> task) {
    ++tasks_;
    run(*this, std::move(task));
}

Scope::Root Scope::run(Scope& scope, Task<> task) {
    co_await task;
    task = Task<>{};  // what it owned goes before the scope is told that it has ended
    scope.task_ended();
}

void Scope::task_ended() {
    if (--tasks_ > 0 || !waiter_) return;
    std::exchange(waiter_, {}).resume();  // which may destroy this scope
}

void Scope::cancel() {
    if (cancelled_) return;
    cancelled_ = true;
    // The list moves to `pending` and comes back one by one. Whatever a cancel() destroys unlinks itself from where it is then.
    Cancellable* pending = std::exchange(first_, nullptr);
    if (pending != nullptr) pending->link_ = &pending;
    while (pending != nullptr) {
        Cancellable& next = *pending;
        next.unlink();
        next.link(first_);
        next.cancel();
    }
}

}  // namespace webserv::io
