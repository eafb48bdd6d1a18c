// io/acceptor.hpp: the waiting on a listening socket that several workers share.
// Level-triggered with EPOLLEXCLUSIVE: a connection wakes one worker, and what it leaves in the queue it meets in its next turn.
#pragma once

#include <coroutine>
#include <cstdint>

#include "base/result.hpp"
#include "base/task.hpp"
#include "io/loop.hpp"
#include "io/scope.hpp"
#include "sys/fd.hpp"
#include "sys/socket.hpp"

namespace webserv::io {

class Acceptor final : public Cancellable, private Watcher, private Timer {
public:
    /// `listener` outlives the acceptor, which leaves it open.
    /// @param scope  whose cancel() ends the waiting; may be null
    Acceptor(Loop& loop, Scope* scope, const sys::Fd& listener);
    ~Acceptor() override;

    /// The next connection. Errors that concern one peer alone (it has gone already) are passed over.
    /// Errors: operation_canceled (stopped); others are for recover().
    Task<Result<sys::Accepted>> accept();

    /// Resumes when a connection waits in the queue, and leaves it there. Every worker that waits so is told, so that one that can
    /// not take it after all keeps nobody from it. Errors: operation_canceled (stopped); others are for recover().
    Task<Result<>> arrival();

    /// Does what can be done about an error of accept(). Out of descriptors, the queued peer would wake us forever: the reserve
    /// descriptor is given up, the peer accepted and closed, the reserve taken back. Where that fails we wait a while.
    /// @return whether accept() is worth another call
    Task<bool> recover(Error error);

    /// As accept(), without waiting; also after stop(), to empty the queue of a listener that is to be closed.
    /// Errors: as sys::accept_from.
    [[nodiscard]] Result<sys::Accepted> try_accept();

    /// Whether an error of try_accept() means no more than that there is nobody to take.
    [[nodiscard]] static bool passes(const Error& error);

    /// Ends the present wait and every later one with operation_canceled. What the kernel told this worker about the queue it
    /// does not tell another: where workers share the listener, empty the queue with try_accept() afterwards.
    void stop();
    void cancel() override { stop(); }

private:
    struct Wait {  // for a connection, or if `delay` is set for that time to pass
        Acceptor& acceptor;
        std::chrono::milliseconds delay{};
        bool await_ready() const noexcept { return acceptor.stopped_; }
        void await_suspend(std::coroutine_handle<> waiter);
        void await_resume() const noexcept {}
    };

    void on_events(std::uint32_t events) override;
    void expired() override;
    [[nodiscard]] Result<> watch(std::uint32_t events);
    void unwatch() noexcept;
    [[nodiscard]] bool close_one_peer();
    [[nodiscard]] bool may_take_more() noexcept;

    Loop& loop_;
    const sys::Fd& listener_;
    sys::Fd reserve_;
    std::coroutine_handle<> waiter_;
    std::uint32_t turn_ = 0;   // of the loop, in which ...
    std::uint32_t taken_ = 0;  // ... so many connections left the queue
    std::uint32_t batch_ = 1;  // so many may be taken in a turn
    std::uint32_t full_turns_ = 0;
    std::uint32_t since_watched_ = 0;
    bool watched_ = false;
    bool queue_is_empty_ = false;
    bool stopped_ = false;
};

}  // namespace webserv::io
