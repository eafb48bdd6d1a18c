// process/backoff.hpp: when a worker that died is replaced: at once, unless it keeps dying right after its birth.
// A value of one place, so that a worker that fails does not slow down the others.
#pragma once

#include <chrono>

namespace webserv::process {

class Backoff {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    /// A worker that lives shorter than this has not begun to serve; and this is the pace of further tries.
    static constexpr std::chrono::milliseconds pace{1000};

    /// @return when the next process may start
    [[nodiscard]] TimePoint next_start(TimePoint born, TimePoint died) noexcept {
        const bool lived = died - born >= pace;
        const bool again = !lived && died_young_;
        died_young_ = !lived;
        return again ? born + pace : died;
    }

private:
    bool died_young_ = false;
};

}  // namespace webserv::process
