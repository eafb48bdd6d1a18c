// process/signals.cpp: the table of signals, and log lines about them.
// What is understood but not obeyed yet is refused in words, never by dying.
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

std::optional<std::string> refusal_of(const sys::SignalInfo& signal, bool has_terminal) {
    const auto refuse = [&](std::string_view what) { return fmt::format("{}, but {} is not supported yet", received(signal), what); };
    switch (meaning_of(signal.number)) {
        case Meaning::reload:
            return refuse("reloading the configuration");
        case Meaning::reopen:
            return refuse("reopening the logs");
        case Meaning::upgrade:
            return refuse("upgrading the executable");
        case Meaning::retire_workers:
            if (has_terminal) return std::nullopt;
            return refuse("retiring the workers");
        default:
            return std::nullopt;
    }
}

std::string failure(const Error& error) { return fmt::format("{}() failed {}", error.doing, describe_errno(static_cast<int>(error.code))); }

}  // namespace webserv::process
