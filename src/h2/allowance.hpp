// h2/allowance.hpp: how much a peer may ask for that is of no use to it, before the connection ends with ENHANCE_YOUR_CALM.
// One account for all kinds of it, so that mixing them does not help; useful work and time fill it up again.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "io/timers.hpp"

namespace webserv::h2 {

/// What frames cost. A browser that leaves a page cancels some hundred streams at once, and must stay below the limit.
namespace cost {
inline constexpr std::int32_t cancelled_stream = 1;  ///< RST_STREAM before the answer was complete: rapid reset
inline constexpr std::int32_t refused_stream = 1;    ///< beyond the streams that we allow at once
inline constexpr std::int32_t stream_error = 5;      ///< we had to reset it: malformed, or a frame that it must not send
inline constexpr std::int32_t settings = 10;
inline constexpr std::int32_t ping = 2;
inline constexpr std::int32_t window_update = 1;
inline constexpr std::int32_t ignored_frame = 1;    ///< PRIORITY, unknown types, frames on streams that we have reset
inline constexpr std::int32_t empty_frame = 1;      ///< DATA or CONTINUATION without content that ends nothing
inline constexpr std::int32_t stalled_stream = 20;  ///< its window stayed shut until send_timeout
}  // namespace cost

class Allowance {
public:
    explicit Allowance(io::TimePoint now) noexcept : since_{now} {}

    /// @return false: there is nothing left
    [[nodiscard]] bool spend(std::int32_t amount, io::TimePoint now) noexcept {
        if (left_ < amount) refill(now);
        left_ -= amount;
        return left_ >= 0;
    }
    /// Something useful was done: a stream answered, content moved.
    void earn(std::int32_t amount) noexcept { left_ = std::min(most, left_ + amount); }

private:
    static constexpr std::int32_t most = 1000;
    static constexpr std::int32_t a_second = 50;

    void refill(io::TimePoint now) noexcept {
        const auto seconds = std::chrono::floor<std::chrono::seconds>(now - since_).count();
        if (seconds < 1) return;
        since_ = now;
        earn(static_cast<std::int32_t>(std::min<std::int64_t>(seconds * a_second, most)));
    }

    std::int32_t left_ = most;
    io::TimePoint since_;
};

}  // namespace webserv::h2
