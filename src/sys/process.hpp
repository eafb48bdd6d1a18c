// sys/process.hpp: the life of a process, one function a step: fork, become another user, leave the terminal, wait for a child.
// Signals that steer a server are blocked and read (sigtimedwait, signalfd), never handled asynchronously.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace webserv::sys {

/// A child that runs the same program from here on: 0 in the child, its number in the parent. fork(2).
[[nodiscard]] Result<pid_t> fork_process();

/// In a child: closes what it has inherited, except standard input, output, error and `kept`. Whoever owned those descriptors must not
/// close them again: the child is to leave by _exit(2). close_range(2).
void close_inherited_except(std::span<const int> kept) noexcept;

/// Gives up root for good: the supplementary groups of `name`, then group, then user. initgroups(3), setgid(2), setuid(2).
[[nodiscard]] Result<> become_user(const std::string& name, uid_t user, gid_t group);

/// The other end of a daemon's birth: tells the process that was started first how it went.
class Birth {
public:
    explicit Birth(Fd announce) noexcept : announce_{std::move(announce)} {}
    void succeeded() noexcept;  ///< the first process ends with 0; if this is destroyed unsaid, with 1

private:
    Fd announce_;
};

/// Goes on as a child in a session of its own; the first process waits there for the Birth and never returns.
/// So whoever started us finds the pid file written, and a failure in the exit status. fork(2), setsid(2), daemon(7).
[[nodiscard]] Result<Birth> daemonise();

/// Standard input, output and error become /dev/null, so that no terminal or pipe is held open. dup2(2).
[[nodiscard]] Result<> silence_standard_streams();

/// Descriptors 0 to 2 become /dev/null where they are closed: else the next files opened would be taken for them. open(2).
void reserve_standard_streams() noexcept;

/// Asks the kernel to send us `signal` when the process that forked us ends. prctl(2), PR_SET_PDEATHSIG.
[[nodiscard]] Result<> set_parent_death_signal(int signal);

/// A pair of connected local sockets, non-blocking and close-on-exec, that keep message bounds: a line between two
/// processes on which either notices the other's end. socketpair(2).
struct ControlPair {
    Fd ours;
    Fd theirs;
};
[[nodiscard]] Result<ControlPair> open_control_pair();

using Signals = std::initializer_list<int>;

/// From now on exactly these signals wait until they are read; children inherit that. sigprocmask(2).
void block_only(Signals signals) noexcept;

/// These wait as well. sigprocmask(2).
void block_also(Signals signals) noexcept;

/// A write to a peer that has gone is an error value, not the end of the process. signal(2).
void ignore_broken_pipes() noexcept;

/// Undoes an inherited "ignore" (of nohup, of a shell's background job): an ignored signal is not even kept while it is blocked.
/// For SIGCHLD: children that end leave a status. To be called once these signals are blocked. signal(2).
void heed(Signals signals) noexcept;

struct SignalInfo {
    int number = 0;
    pid_t sender = 0;
};

/// Waits for one of the (blocked) signals, at most `patience`; nothing once that is over. No value: for ever. sigtimedwait(2).
[[nodiscard]] std::optional<SignalInfo> wait_for_signal(Signals signals, std::optional<std::chrono::nanoseconds> patience);

/// A descriptor that becomes readable when one of the (blocked) signals arrives. signalfd(2).
[[nodiscard]] Result<Fd> open_signal_descriptor(Signals signals);
/// The next signal of such a descriptor, if there is one.
[[nodiscard]] std::optional<SignalInfo> read_signal(const Fd& descriptor);

[[nodiscard]] Result<> send_signal(pid_t process, int signal);  ///< kill(2)

/// "SIGTERM".
[[nodiscard]] std::string signal_name(int number);

struct EndedChild {
    pid_t process = 0;
    int exit_status = 0;  ///< if no signal ended it
    int signal = 0;       ///< 0: it exited by itself
    bool core_dumped = false;
};

/// Takes the status of one child that has ended, so that it does not stay a zombie. Nothing: none has. waitpid(2), WNOHANG.
[[nodiscard]] std::optional<EndedChild> reap_child() noexcept;

/// A child that a signal has stopped (SIGSTOP): it lives, holds its connections and answers nobody. waitid(2), WSTOPPED.
[[nodiscard]] std::optional<pid_t> take_stopped_child() noexcept;
/// Whether a stopped child goes on meanwhile. waitid(2), WCONTINUED.
[[nodiscard]] bool has_continued(pid_t child) noexcept;

/// Waits until `child` has ended. waitpid(2).
[[nodiscard]] Result<EndedChild> wait_for_child(pid_t child);

}  // namespace webserv::sys
