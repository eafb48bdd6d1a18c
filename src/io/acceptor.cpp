// io/acceptor.cpp: accept(2) until the queue is empty, and what its errors mean.
// A listener outlives the errors of its peers; what it can not outlive it tells the caller.
#include "io/acceptor.hpp"

#include <fcntl.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace webserv::io {
namespace {

// Connections a turn, at most. Those that we have are served in between, and another worker wakes up in time to take its share of many.
constexpr std::uint32_t batch_max = 4;

// An accept(2) that finds the queue empty costs nearly as much as one that does not: the kernel makes the socket's file first. So a turn
// takes one more only after so many turns that took all they might and found no end.
constexpr std::uint32_t full_turns_before_more = 8;

// The kernel wakes the worker that was first to watch. Going to the end of its list now and then spreads the connections
// (nginx does the same, as often).
constexpr std::uint32_t rewatch_after = 16;

constexpr std::chrono::milliseconds pause_when_exhausted{500};  // nginx's accept_mutex_delay

constexpr Error stopped{.code = std::errc::operation_canceled, .doing = "accept"};

sys::Fd open_reserve() { return sys::Fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)}; }

/// Errors of a connection that ended while it was queued, not of the listener: accept(2), "Error handling".
bool concerns_one_peer(std::errc code) {
    switch (static_cast<int>(code)) {
        case ECONNABORTED:
        case EINTR:
        case EPERM:  // a firewall's rule
        case ETIMEDOUT:
        case ENETDOWN:
        case EPROTO:
        case ENOPROTOOPT:
        case EHOSTDOWN:
        case ENONET:
        case EHOSTUNREACH:
        case EOPNOTSUPP:
        case ENETUNREACH:
            return true;
        default:
            return false;
    }
}

/// Errors that tell us that this is no listening socket (any more): trying again can not help.
bool is_final(std::errc code) {
    return code == std::errc::operation_canceled || code == std::errc::bad_file_descriptor || code == std::errc::invalid_argument ||
           code == std::errc::not_a_socket;
}

bool out_of_descriptors(std::errc code) {
    return code == std::errc::too_many_files_open || code == std::errc::too_many_files_open_in_system;
}

}  // namespace

Acceptor::Acceptor(Loop& loop, Scope* scope, const sys::Fd& listener)
    : Cancellable{scope}, loop_{loop}, listener_{listener}, reserve_{open_reserve()}, stopped_{born_cancelled()} {}

Acceptor::~Acceptor() {
    assert(!waiter_);
    loop_.timers().disarm(*this);
    unwatch();
}

Task<Result<sys::Accepted>> Acceptor::accept() {
    while (!stopped_) {
        while (!queue_is_empty_ && may_take_more()) {
            auto peer = try_accept();
            if (peer) co_return std::move(peer);
            const Error error = peer.error();
            if (!passes(error)) co_return std::unexpected{error};
        }
        const auto watched = watch(EPOLLIN | EPOLLEXCLUSIVE);
        if (!watched) co_return std::unexpected{watched.error()};
        Wait connection{*this};
        co_await connection;
    }
    co_return std::unexpected{stopped};
}

Task<Result<>> Acceptor::arrival() {
    const auto watched = stopped_ ? Result<>{std::unexpected{stopped}} : watch(EPOLLIN);
    if (!watched) co_return watched;
    Wait connection{*this};
    co_await connection;
    if (stopped_) co_return std::unexpected{stopped};
    co_return Result<>{};
}

Task<bool> Acceptor::recover(Error error) {
    if (stopped_ || is_final(error.code)) co_return false;
    if (out_of_descriptors(error.code) && close_one_peer()) co_return true;
    unwatch();  // level-triggered: the peers that wait would wake us all the time
    Wait pause{*this, pause_when_exhausted};
    co_await pause;
    co_return !stopped_;
}

Result<sys::Accepted> Acceptor::try_accept() {
    auto peer = sys::accept_from(listener_);
    queue_is_empty_ = !peer && peer.error().code == std::errc::operation_would_block;
    if (queue_is_empty_) {
        batch_ = std::max(taken_, 1U);
        full_turns_ = 0;
    }
    ++taken_;
    ++since_watched_;
    return peer;
}

bool Acceptor::passes(const Error& error) { return concerns_one_peer(error.code) || error.code == std::errc::operation_would_block; }

void Acceptor::stop() {
    stopped_ = true;
    loop_.timers().disarm(*this);
    unwatch();
    if (waiter_) loop_.post(std::exchange(waiter_, {}));
}

void Acceptor::Wait::await_suspend(std::coroutine_handle<> waiter) {
    assert(!acceptor.waiter_);
    acceptor.waiter_ = waiter;
    if (delay.count() > 0) acceptor.loop_.timers().arm(acceptor, acceptor.loop_.now() + delay);
}

void Acceptor::on_events(std::uint32_t) {
    queue_is_empty_ = false;
    if (!waiter_) return unwatch();  // nobody accepts at the moment: the next accept() watches again
    std::exchange(waiter_, {}).resume();
}

void Acceptor::expired() { std::exchange(waiter_, {}).resume(); }

Result<> Acceptor::watch(std::uint32_t events) {
    if (since_watched_ >= rewatch_after) unwatch();
    if (watched_) return {};
    if (const auto added = loop_.add(listener_, *this, events); !added) return added;
    watched_ = true;
    since_watched_ = 0;
    return {};
}

void Acceptor::unwatch() noexcept {
    if (!std::exchange(watched_, false)) return;
    assert(listener_);
    loop_.remove(listener_, *this);
}

bool Acceptor::close_one_peer() {
    reserve_.reset();
    bool done = false;
    {
        const auto peer = try_accept();  // closed at the end of this block, before its number is needed again
        done = peer || queue_is_empty_ || concerns_one_peer(peer.error().code);
    }
    reserve_ = open_reserve();
    return done && reserve_;
}

bool Acceptor::may_take_more() noexcept {
    if (std::exchange(turn_, loop_.turns()) != loop_.turns()) taken_ = 0;
    if (taken_ < batch_) return true;
    if (++full_turns_ >= full_turns_before_more) {
        full_turns_ = 0;
        batch_ = std::min(batch_ + 1, batch_max);
    }
    return false;
}

}  // namespace webserv::io
