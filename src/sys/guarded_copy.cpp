// sys/guarded_copy.cpp: a handler for SIGBUS that jumps out of the copy, and lets every other SIGBUS be what it was.
// The jump leaves only memcpy: nothing is skipped that has a destructor.
#include "sys/guarded_copy.hpp"

#include <setjmp.h>
#include <signal.h>

#include <atomic>
#include <cstring>

namespace webserv::sys {
namespace {

thread_local sigjmp_buf* volatile way_out = nullptr;

void on_fault(int signal) {
    if (way_out != nullptr) siglongjmp(*way_out, 1);
    (void)::signal(signal, SIG_DFL);  // not ours: the instruction is tried again, and ends the process
}

bool install() noexcept {
    struct sigaction action{};
    action.sa_handler = on_fault;
    action.sa_flags = SA_NODEFER;  // after the jump the signal is not blocked
    sigemptyset(&action.sa_mask);
    return ::sigaction(SIGBUS, &action, nullptr) == 0;
}

}  // namespace

bool copy_guarded(char* to, const char* from, std::size_t bytes) noexcept {
    static const bool installed = install();
    (void)installed;
    sigjmp_buf here;
    if (sigsetjmp(here, 0) != 0) {
        way_out = nullptr;
        return false;
    }
    way_out = &here;
    std::atomic_signal_fence(std::memory_order_seq_cst);  // the compiler must not move the copy out of what is guarded
    std::memcpy(to, from, bytes);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    way_out = nullptr;
    return true;
}

}  // namespace webserv::sys
