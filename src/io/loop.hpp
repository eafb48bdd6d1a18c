// io/loop.hpp: one thread's event loop: wait for readiness, let timers fire, wake for other threads.
// epoll(7), edge-triggered: a descriptor is registered once in its life, both directions.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "io/timers.hpp"
#include "sys/fd.hpp"

namespace webserv::io {

/// What the loop tells the owner of a descriptor. Not movable while added: the kernel holds its address.
class Watcher {
public:
    Watcher() = default;
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;
    /// @param events  epoll's bits: EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR
    virtual void on_events(std::uint32_t events) = 0;

protected:
    ~Watcher() = default;
};

struct LoopOptions {
    bool simulated_time = false;  ///< time stands still while anything is ready, then jumps to the next timer: for tests
};

class Loop {
public:
    [[nodiscard]] static Result<std::unique_ptr<Loop>> create(const LoopOptions& options = {});
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    ~Loop();

    /// Turns until stop(). One turn: wait, hand out events, fire timers, resume what was posted, end-of-turn hooks.
    void run();
    /// One turn that waits at most until `deadline`; for tests and for loops inside another.
    void turn(Deadline deadline);
    void stop() noexcept { stopped_ = true; }

    [[nodiscard]] TimePoint now() const noexcept { return now_; }                    ///< read once a turn
    [[nodiscard]] std::chrono::system_clock::time_point wall_now() const noexcept;   ///< read once a turn, when asked for

    /// Registers for edge-triggered EPOLLIN | EPOLLOUT | EPOLLRDHUP (or the given events).
    [[nodiscard]] Result<> add(const sys::Fd& descriptor, Watcher& watcher, std::uint32_t events = 0);
    /// Forgets a watcher, also in the events of this turn that were not handed out yet. The descriptor is closed by its owner.
    void remove(const sys::Fd& descriptor, Watcher& watcher) noexcept;

    [[nodiscard]] Timers& timers() noexcept { return timers_; }

    /// Resumes the coroutine later in this turn or in the next one: fairness, and an end to recursion.
    void post(std::coroutine_handle<> waiter);
    /// Called once at the end of every turn, in order of registration; until the loop ends.
    void at_end_of_turn(std::function<void()> hook);

    /// Runs `work` on a helper thread and resumes the awaiter on this loop when it is done (see offload.hpp).
    void run_elsewhere(std::function<void()> work, std::coroutine_handle<> waiter);

private:
    class Implementation;
    explicit Loop(const LoopOptions& options);
    LoopOptions options_;
    bool stopped_ = false;
    TimePoint now_{};
    Timers timers_;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace webserv::io
