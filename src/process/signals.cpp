// process/signals.cpp: the table of signals, and log lines about them.
// No signal is handled asynchronously: a table is enough.
#include "process/signals.hpp"

#include <fmt/format.h>

namespace webserv::process {

Meaning meaning_of(int signal) noexcept {
    switch (signal) {
        case SIGTERM:
        case SIGINT:
            return Meaning::stop;
        case SIGQUIT:
            return Meaning::quit;
        case SIGHUP:
            return Meaning::reload;
        case SIGUSR1:
            return Meaning::reopen;
        case SIGUSR2:
            return Meaning::upgrade;
        case SIGWINCH:
            return Meaning::retire_workers;
        default:
            return Meaning::none;
    }
}

std::string received(const sys::SignalInfo& signal) {
    return fmt::format("signal {} ({}) received from {}", signal.number, sys::signal_name(signal.number), signal.sender);
}

std::string failure(const Error& error) { return fmt::format("{}() failed {}", error.doing, describe_errno(static_cast<int>(error.code))); }

}  // namespace webserv::process
