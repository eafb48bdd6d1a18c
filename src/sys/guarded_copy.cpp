// sys/guarded_copy.cpp: SIGBUS leads back to before the copy, if one is under way; otherwise it does what it always does.
// Jumping out of this handler is safe: the signal comes from the copy itself, which holds nothing.
#include "sys/guarded_copy.hpp"

#include <setjmp.h>
#include <signal.h>

#include <cstring>

namespace webserv::sys {
namespace {

constinit thread_local jmp_buf* under_way = nullptr;

void on_bus_error(int number) {
    if (under_way != nullptr) ::longjmp(*under_way, 1);
    ::signal(number, SIG_DFL);  // the instruction is tried again, and ends the process
}

bool install() noexcept {
    struct sigaction action{};
    action.sa_handler = on_bus_error;
    action.sa_flags = SA_NODEFER;  // it does not return, so the signal must not stay blocked
    ::sigaction(SIGBUS, &action, nullptr);
    return true;
}

}  // namespace

bool guarded_copy(char* into, const char* from, std::size_t bytes) noexcept {
    [[maybe_unused]] static const bool installed = install();
    jmp_buf before;
    if (::_setjmp(before) != 0) {  // NOLINT(cert-err52-cpp): there is no other way back from a signal
        under_way = nullptr;
        return false;
    }
    under_way = &before;
    // The compiler must not move the copy out of what is guarded.
    asm volatile("" ::: "memory");
    std::memcpy(into, from, bytes);
    asm volatile("" ::: "memory");
    under_way = nullptr;
    return true;
}

}  // namespace webserv::sys
