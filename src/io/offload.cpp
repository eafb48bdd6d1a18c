// io/offload.cpp: a queue of jobs and a few threads that serve it.
// They are joined when their loop ends.
#include "io/offload.hpp"

#include <pthread.h>
#include <signal.h>

#include <system_error>

namespace webserv::io {
namespace {

/// Blocks every signal while it lives; a thread started meanwhile inherits that, so signals keep arriving at the loop's thread.
class SignalsBlocked {
public:
    SignalsBlocked() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;
    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_;
};

}  // namespace

HelperThreads::HelperThreads(std::function<void(std::coroutine_handle<>)> finished, const Bounds& bounds)
    : finished_{std::move(finished)}, bounds_{bounds} {}

HelperThreads::~HelperThreads() {
    {
        const std::lock_guard lock{mutex_};
        ending_ = true;
    }
    there_is_work_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

void HelperThreads::submit(std::function<void()> work, std::coroutine_handle<> waiter) {
    bool all_busy = false;
    {
        const std::lock_guard lock{mutex_};
        jobs_.push_back(Job{std::move(work), waiter});
        all_busy = jobs_.size() > idle_;
    }
    if (all_busy && threads_.size() < bounds_.threads) start_thread();
    there_is_work_.notify_one();
}

bool HelperThreads::is_full() const {
    const std::lock_guard lock{mutex_};
    return jobs_.size() >= bounds_.queue;
}

void HelperThreads::start_thread() {
    const SignalsBlocked blocked;
    try {
        threads_.emplace_back([this] { serve(); });
    } catch (const std::system_error&) {
        // No thread to be had. Those that run will come to it; without any, the loop stands still for this one job.
        if (!threads_.empty()) return;
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        job.work();
        finished_(job.waiter);
    }
}

void HelperThreads::serve() {
    std::unique_lock lock{mutex_};
    for (;;) {
        ++idle_;
        there_is_work_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
        --idle_;
        if (ending_) return;
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        job.work();
        job.work = nullptr;  // what it captured may belong to the waiter
        finished_(job.waiter);
        lock.lock();
    }
}

}  // namespace webserv::io
