// sys/fd.hpp: one open file descriptor, closed exactly once.
// An Fd passed by value moves ownership; the int from get() is borrowed for one call.
#pragma once

#include <unistd.h>

#include <utility>

#include "sys/call_trace.hpp"

namespace webserv::sys {

class Fd {
public:
    constexpr explicit Fd(int number = -1) noexcept : number_{number} {}
    Fd(Fd&& other) noexcept : number_{other.release()} {}
    Fd& operator=(Fd&& other) noexcept {
        reset(other.release());
        return *this;
    }
    ~Fd() { reset(); }

    [[nodiscard]] int get() const noexcept { return number_; }
    [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }
    explicit operator bool() const noexcept { return number_ >= 0; }
    void reset(int number = -1) noexcept {
        // No retry on EINTR: Linux has freed the number already, and a second close()
        // could hit a descriptor that was opened in the meantime.
        const int old = std::exchange(number_, number);
        if (old < 0) return;
        if (traced()) [[unlikely]] {
            close_traced(old);
        } else {
            ::close(old);
        }
    }

private:
    int number_;
};

}  // namespace webserv::sys
