// sys/call_trace.cpp: handing a call to the observer without a trace of it: errno stays what it was.
// Files are closed through the same destructor, on other threads too, so sockets are told from them here.
#include "sys/call_trace.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>

namespace webserv::sys {
namespace {

class KeptErrno {
public:
    KeptErrno() noexcept : number_{errno} {}
    KeptErrno(const KeptErrno&) = delete;
    KeptErrno& operator=(const KeptErrno&) = delete;
    ~KeptErrno() { errno = number_; }

private:
    int number_;
};

int option_of(int descriptor, int name) noexcept {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

bool is_socket_of_ours(int descriptor) noexcept {
    const int type = option_of(descriptor, SO_TYPE);  // of a file: ENOTSOCK
    if (type != SOCK_STREAM && type != SOCK_DGRAM) return false;
    const int family = option_of(descriptor, SO_DOMAIN);
    return family == AF_INET || family == AF_INET6 || family == AF_UNIX;
}

}  // namespace

void report(const SocketCall& call) noexcept {
    assert(call_observer != nullptr);
    const KeptErrno kept;
    call_observer->called(call);
}

void report_ending(int descriptor, SocketCall::Name how) noexcept {
    assert(call_observer != nullptr);
    const KeptErrno kept;
    call_observer->ending(descriptor, how);
}

void close_traced(int descriptor) noexcept {
    const KeptErrno kept;
    const bool reported = is_socket_of_ours(descriptor);
    if (reported) report_ending(descriptor, SocketCall::Name::close);
    const int result = ::close(descriptor);
    if (reported) report({.name = SocketCall::Name::close, .descriptor = descriptor, .result = result});
}

}  // namespace webserv::sys
