// io/loop.hpp: one thread's event loop: wait for readiness, let timers fire, wake for other threads.
// epoll(7), edge-triggered: a descriptor is registered once in its life, for both directions.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "io/timers.hpp"
#include "io/waiter.hpp"
#include "sys/fd.hpp"

namespace webserv::io {

class HelperThreads;

/// What the loop tells the owner of a descriptor. Not movable: the loop holds its address while it is added.
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
    /// Time stands still while anything is ready or runs elsewhere, then jumps to the next timer: for tests.
    /// The wall clock begins at the date of the examples in RFC 9110.
    bool simulated_time = false;
};

class Loop {
public:
    [[nodiscard]] static Result<std::unique_ptr<Loop>> create(const LoopOptions& options = {});
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    ~Loop();

    /// Turns until stop(). One turn: wait, hand out events, fire timers, resume what was posted, end-of-turn hooks.
    /// Not from within a turn: turns do not nest.
    void run();
    /// One turn that waits at most until `deadline`; for tests and for loops inside another.
    void turn(Deadline deadline);
    void stop() noexcept { stopped_ = true; }
    /// Ends the wait of a turn. The only function that other threads and signal handlers may call.
    void wake() noexcept;

    [[nodiscard]] TimePoint now() const noexcept { return now_; }                   ///< read once a turn
    [[nodiscard]] std::chrono::system_clock::time_point wall_now() const noexcept;  ///< read once a turn, when asked for
    /// How long others have had to wait at most: the longest turn since this was asked last, its waiting not counted. 0 with simulated
    /// time.
    [[nodiscard]] std::chrono::nanoseconds take_longest_turn() noexcept { return std::exchange(longest_turn_, {}); }
    [[nodiscard]] std::uint32_t turns() const noexcept { return turns_; }  ///< begun so far; tells two turns apart

    /// Registers for edge-triggered EPOLLIN | EPOLLOUT | EPOLLRDHUP (or the given events).
    [[nodiscard]] Result<> add(const sys::Fd& descriptor, Watcher& watcher, std::uint32_t events = 0);
    /// Forgets a watcher, also in the events of this turn that were not handed out yet. The descriptor is closed by its owner.
    void remove(const sys::Fd& descriptor, Watcher& watcher) noexcept;
    /// The same for a descriptor that its owner closes right after, when the kernel forgets it by itself: saves a system call.
    void forget(const sys::Fd& descriptor, Watcher& watcher) noexcept;

    [[nodiscard]] Timers& timers() noexcept { return timers_; }

    /// Resumes it later in this turn or in the next one: fairness, and an end to recursion.
    void post(Waiter waiter);
    /// Called once at the end of every turn, in order of registration; until the loop ends.
    void at_end_of_turn(std::function<void()> hook);

    /// Runs `work` on a helper thread and resumes the awaiter on this loop when it is done (see offload.hpp).
    /// @param threads  of this loop (make_helper_threads); null: its own
    void run_elsewhere(std::function<void()> work, std::coroutine_handle<> waiter, HelperThreads* threads = nullptr);
    /// Threads beside the loop's own, for work that must not stand behind other work. They end before the loop does.
    [[nodiscard]] std::unique_ptr<HelperThreads> make_helper_threads(std::size_t threads_max, std::size_t queue_max);

private:
    class Implementation;
    Loop(const LoopOptions& options, std::unique_ptr<Implementation> implementation);
    [[nodiscard]] std::size_t wait_until(Deadline deadline);

    LoopOptions options_;
    bool stopped_ = false;
    std::uint32_t turns_ = 0;
    TimePoint now_{};
    TimePoint started_{};
    std::chrono::nanoseconds longest_turn_{};
    mutable std::chrono::system_clock::time_point wall_now_{};
    mutable bool wall_now_is_known_ = false;
    Timers timers_;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace webserv::io
