// sys/robust_mutex.cpp: pthread_mutexattr_setrobust(3), pthread_mutexattr_setpshared(3).
// Never destroyed: other processes may still use it, and it holds nothing but its memory.
#include "sys/robust_mutex.hpp"

#include <cerrno>

namespace webserv::sys {

RobustMutex::RobustMutex() noexcept {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&mutex_, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

bool RobustMutex::lock() noexcept {
    if (pthread_mutex_lock(&mutex_) != EOWNERDEAD) return true;
    (void)pthread_mutex_consistent(&mutex_);
    return false;
}

void RobustMutex::unlock() noexcept { pthread_mutex_unlock(&mutex_); }

}  // namespace webserv::sys
