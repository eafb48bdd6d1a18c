// process/signals.hpp: what the signals mean: nginx's, one table for the master, a lone worker and the -s option.
// They are blocked and read, so nothing here runs inside a signal handler.
#pragma once

#include <signal.h>

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "sys/process.hpp"

namespace webserv::process {

enum class Meaning : unsigned char { stop, quit, reload, reopen, upgrade, retire_workers, none };

/// Those that steer the server: blocked everywhere in it and read instead. A list, because sigset_t is built from one.
inline constexpr sys::Signals steering_signals = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH};

[[nodiscard]] Meaning meaning_of(int signal) noexcept;

/// "signal 15 (SIGTERM) received from 812", as in nginx's log.
[[nodiscard]] std::string received(const sys::SignalInfo& signal);

/// "kill() failed (3: No such process)", the form of nginx's log lines.
[[nodiscard]] std::string failure(const Error& error);

}  // namespace webserv::process
