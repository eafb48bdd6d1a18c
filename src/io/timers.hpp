// io/timers.hpp: what is to happen at a time: an intrusive heap of deadlines.
// A timer is armed lazily: moving a deadline later costs nothing, the owner looks again when it fires.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

namespace webserv::io {

using TimePoint = std::chrono::steady_clock::time_point;
/// When a wait gives up. Every wait has one; `never` is for waits that something else ends.
using Deadline = TimePoint;
inline constexpr Deadline never = TimePoint::max();

/// `patience` from `now` on; `never` where that would be beyond the end of time.
[[nodiscard]] constexpr Deadline deadline_after(TimePoint now, std::chrono::milliseconds patience) noexcept {
    return patience >= std::chrono::floor<std::chrono::milliseconds>(never - now) ? never : now + patience;
}

/// Something with a time. Its owner disarms it before it goes. Not movable: the heap points at it.
class Timer {
public:
    Timer() = default;
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    [[nodiscard]] bool armed() const noexcept { return position_ != unarmed; }
    [[nodiscard]] TimePoint time() const noexcept { return time_; }

protected:
    virtual ~Timer() = default;  // owners disarm first: only Timers knows the heap
    /// Called by Timers::fire once `time()` has come; the timer is unarmed then and may be armed again.
    virtual void expired() = 0;

private:
    friend class Timers;
    static constexpr std::size_t unarmed = static_cast<std::size_t>(-1);
    TimePoint time_{};
    std::size_t position_ = unarmed;
};

class Timers {
public:
    /// Arms it, or moves it if it is armed. Within fire() a time that has come means the next call of fire().
    void arm(Timer& timer, TimePoint time);
    void disarm(Timer& timer) noexcept;             ///< nothing happens if it is not armed
    void fire(TimePoint now);                       ///< calls expired() of every timer whose time has come, earliest first
    [[nodiscard]] TimePoint next() const noexcept;  ///< `never` if none is armed

private:
    void sift_up(std::size_t position) noexcept;
    void sift_down(std::size_t position) noexcept;
    void place(std::size_t position, Timer* timer) noexcept;

    std::vector<Timer*> heap_;
    TimePoint earliest_ = TimePoint::min();  // what arm() may set; later than now while timers fire
};

}  // namespace webserv::io
