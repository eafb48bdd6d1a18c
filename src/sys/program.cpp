// sys/program.cpp: fork and execve, with the failure of the second brought back to whoever asked.
// Between the two only async-signal-safe calls are made: everything is allocated before.
#include "sys/program.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "sys/fd.hpp"
#include "sys/process.hpp"

namespace webserv::sys {

namespace {

/// What execve(2) wants: pointers, the last one null. It does not write through them, whatever its signature says.
std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

struct Failure {
    int number = 0;
    bool in_fcntl = false;
};

/// The child's life until it is another program; comes back only if that fails.
Failure become_program(const char* path, char* const* arguments, char* const* environment, std::span<const int> descriptors) noexcept {
    for (const int descriptor : descriptors) {
        // FD_CLOEXEC is the only flag there is; a child's flags are its own.
        if (::fcntl(descriptor, F_SETFD, 0) < 0) return {errno, true};
    }
    // execve resets handlers, but not what is ignored or blocked.
    ::signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execve(path, arguments, environment);
    return {errno, false};
}

}  // namespace

Result<pid_t> spawn_program(const std::string& path, const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
                            std::span<const int> descriptors) {
    const std::vector<char*> argument_pointers = pointers_to(arguments);
    const std::vector<char*> environment_pointers = pointers_to(environment);
    // execve closes the writing end: the end of input means success, anything else says why not.
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) < 0) return failed("pipe2");
    const Fd news{ends[0]};
    Fd announce{ends[1]};

    const auto child = fork_process();
    if (!child) return std::unexpected{child.error()};
    if (*child == 0) {
        const Failure failure = become_program(path.c_str(), argument_pointers.data(), environment_pointers.data(), descriptors);
        [[maybe_unused]] const ssize_t count = ::write(announce.get(), &failure, sizeof failure);
        ::_exit(127);
    }
    announce.reset();
    Failure failure;
    ssize_t count = 0;
    do {
        count = ::read(news.get(), &failure, sizeof failure);
    } while (count < 0 && errno == EINTR);
    if (count == 0) return *child;
    // The child is ending; its status says nothing that we do not know.
    [[maybe_unused]] const auto ended = wait_for_child(*child);
    return std::unexpected{Error{std::errc{failure.number}, Blame::ourselves, failure.in_fcntl ? "fcntl" : "execve"}};
}

}  // namespace webserv::sys
