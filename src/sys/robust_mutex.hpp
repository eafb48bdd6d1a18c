// sys/robust_mutex.hpp: a lock in memory that processes share, which survives the death of its holder.
// What it protects may then be half-written: whoever takes it next is told.
#pragma once

#include <pthread.h>

namespace webserv::sys {

class RobustMutex {
public:
    RobustMutex() noexcept;
    RobustMutex(const RobustMutex&) = delete;
    RobustMutex& operator=(const RobustMutex&) = delete;

    /// @return false: whoever had it has died, and left what it protects as it was at that moment
    [[nodiscard]] bool lock() noexcept;
    void unlock() noexcept;

private:
    pthread_mutex_t mutex_{};
};

}  // namespace webserv::sys
