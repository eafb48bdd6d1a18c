// sys/process.cpp: fork, setuid, setsid, signals and waitpid, each with its pitfalls handled once.
// Nothing here installs a handler: signals are either ignored, inherited as they are, or blocked and read.
#include "sys/process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <climits>
#include <vector>

#include "sys/call_trace.hpp"

namespace webserv::sys {

namespace {

sigset_t set_of(Signals signals) noexcept {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : signals) ::sigaddset(&set, signal);
    return set;
}

EndedChild convert(pid_t process, int status) noexcept {
    EndedChild child;
    child.process = process;
    if (WIFEXITED(status)) child.exit_status = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) {
        child.signal = WTERMSIG(status);
        child.core_dumped = WCOREDUMP(status);
    }
    return child;
}

/// The first process of a daemon: leaves with 0 once the daemon has said that it runs, with 1 if it ends before.
[[noreturn]] void await_birth(const Fd& news) noexcept {
    char octet = 0;
    ssize_t count = 0;
    do {
        count = ::read(news.get(), &octet, 1);
    } while (count < 0 && errno == EINTR);
    // _exit: the daemon, a copy of us, owns what exit handlers would flush or remove.
    ::_exit(count == 1 ? 0 : 1);
}

/// Both ends are closed too. One by one where somebody watches, or where the kernel has no close_range(2) (before Linux 5.9).
void close_range_of(unsigned first, unsigned last) noexcept {
    if (first > last) return;
    if (!traced() && ::close_range(first, last, 0) == 0) return;
    constexpr unsigned shown_max = 1024;  // more sockets nobody watches with his own eyes
    unsigned next = first;
    if (traced()) {
        for (; next <= last && next < shown_max; ++next) close_traced(static_cast<int>(next));
        if (next > last || ::close_range(next, last, 0) == 0) return;
    }
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
    for (; next <= last && next < limit.rlim_cur; ++next) ::close(static_cast<int>(next));
}

}  // namespace

Result<pid_t> fork_process() {
    // Buffered output would be written twice, once by each copy.
    ::fflush(nullptr);
    const pid_t process = ::fork();
    if (process < 0) return failed("fork");
    return process;
}

void close_inherited_except(std::span<const int> kept) noexcept {
    std::vector<int> sorted{kept.begin(), kept.end()};
    std::sort(sorted.begin(), sorted.end());
    unsigned next = STDERR_FILENO + 1;
    for (const int number : sorted) {
        if (number < static_cast<int>(next)) continue;
        close_range_of(next, static_cast<unsigned>(number) - 1);
        next = static_cast<unsigned>(number) + 1;
    }
    close_range_of(next, UINT_MAX);
}

Result<> become_user(const std::string& name, uid_t user, gid_t group) {
    // In this order: without root neither of the first two is permitted any more.
    if (::initgroups(name.c_str(), group) < 0) return failed("initgroups");
    if (::setgid(group) < 0) return failed("setgid");
    if (::setuid(user) < 0) return failed("setuid");
    return {};
}

void Birth::succeeded() noexcept {
    const char octet = 1;
    // If the first process has been killed meanwhile there is nobody left to tell.
    [[maybe_unused]] const ssize_t count = ::write(announce_.get(), &octet, 1);
    announce_.reset();
}

Result<Birth> daemonise() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) < 0) return failed("pipe2");
    Fd news{ends[0]};
    Fd announce{ends[1]};
    const auto child = fork_process();
    if (!child) return std::unexpected{child.error()};
    if (*child > 0) {
        announce.reset();
        await_birth(news);
    }
    if (::setsid() < 0) return failed("setsid");
    return Birth{std::move(announce)};
}

Result<> silence_standard_streams() {
    const Fd nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)};
    if (!nothing) return failed("open");
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::dup2(nothing.get(), stream) < 0) return failed("dup2");
    }
    return {};
}

void reserve_standard_streams() noexcept {
    int lowest = ::open("/dev/null", O_RDWR);
    while (lowest >= 0 && lowest <= STDERR_FILENO) lowest = ::open("/dev/null", O_RDWR);
    if (lowest >= 0) ::close(lowest);
}

Result<> set_parent_death_signal(int signal) {
    if (::prctl(PR_SET_PDEATHSIG, signal) < 0) return failed("prctl");
    return {};
}

Result<ControlPair> open_control_pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) < 0) return failed("socketpair");
    return ControlPair{Fd{ends[0]}, Fd{ends[1]}};
}

void block_only(Signals signals) noexcept {
    const sigset_t set = set_of(signals);
    [[maybe_unused]] const int outcome = ::sigprocmask(SIG_SETMASK, &set, nullptr);
    assert(outcome == 0);
}

void block_also(Signals signals) noexcept {
    const sigset_t set = set_of(signals);
    [[maybe_unused]] const int outcome = ::sigprocmask(SIG_BLOCK, &set, nullptr);
    assert(outcome == 0);
}

void ignore_broken_pipes() noexcept { ::signal(SIGPIPE, SIG_IGN); }

void heed(Signals signals) noexcept {
    for (const int signal : signals) ::signal(signal, SIG_DFL);
}

std::optional<SignalInfo> wait_for_signal(Signals signals, std::optional<std::chrono::nanoseconds> patience) {
    const sigset_t set = set_of(signals);
    timespec limit{};
    if (patience) {
        const auto left = std::max(*patience, std::chrono::nanoseconds::zero());
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
        limit.tv_sec = seconds.count();
        limit.tv_nsec = (left - seconds).count();
    }
    siginfo_t info{};
    // EINTR (a stop and a continue) is reported like the end of patience: callers look at the clock again anyway.
    const int number = patience ? ::sigtimedwait(&set, &info, &limit) : ::sigwaitinfo(&set, &info);
    if (number < 0) return std::nullopt;
    return SignalInfo{number, info.si_pid};
}

Result<Fd> open_signal_descriptor(Signals signals) {
    const sigset_t set = set_of(signals);
    Fd descriptor{::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)};
    if (!descriptor) return failed("signalfd");
    return descriptor;
}

std::optional<SignalInfo> read_signal(const Fd& descriptor) {
    signalfd_siginfo info{};
    if (::read(descriptor.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return std::nullopt;
    return SignalInfo{static_cast<int>(info.ssi_signo), static_cast<pid_t>(info.ssi_pid)};
}

Result<> send_signal(pid_t process, int signal) {
    if (::kill(process, signal) < 0) return failed("kill");
    return {};
}

std::string signal_name(int number) {
    const char* const name = ::sigabbrev_np(number);
    return name == nullptr ? "SIG" + std::to_string(number) : std::string{"SIG"} + name;
}

std::optional<EndedChild> reap_child() noexcept {
    int status = 0;
    const pid_t process = ::waitpid(-1, &status, WNOHANG);
    if (process <= 0) return std::nullopt;
    return convert(process, status);
}

std::optional<pid_t> take_stopped_child() noexcept {
    siginfo_t news{};
    if (::waitid(P_ALL, 0, &news, WSTOPPED | WNOHANG) < 0 || news.si_pid == 0) return std::nullopt;
    return news.si_pid;
}

bool has_continued(pid_t child) noexcept {
    siginfo_t news{};
    return ::waitid(P_PID, static_cast<id_t>(child), &news, WCONTINUED | WNOHANG) == 0 && news.si_pid == child;
}

Result<EndedChild> wait_for_child(pid_t child) {
    for (;;) {
        int status = 0;
        if (const pid_t process = ::waitpid(child, &status, 0); process > 0) return convert(process, status);
        if (errno != EINTR) return failed("waitpid");
    }
}

}  // namespace webserv::sys
