// process/service_manager.hpp: what systemd, or whatever else started us, wants to hear: ready, reloading, stopping, still alive.
// The protocol of sd_notify(3): datagrams of text to a local socket. Without such a socket nothing happens.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/address.hpp"

namespace webserv::process {

/// All notices are best effort: nothing waits for a manager that does not read, and the server does not depend on one.
class ServiceManager {
public:
    ServiceManager() = default;  ///< nobody listens
    /// Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment: children are not meant to speak for us.
    [[nodiscard]] static ServiceManager from_environment();

    void ready() const;      ///< everything listens and serves; also the end of a reload
    void reloading() const;  ///< until ready() is said again
    void stopping() const;
    void status(std::string_view text) const;  ///< one line for people, in `systemctl status`
    void main_pid(pid_t process) const;        ///< another process is the service from here on: after a binary upgrade
    void ping() const;                         ///< keeps the watchdog quiet

    /// How often ping() is due: half of what the manager waits, as it recommends. Nothing: there is no watchdog.
    [[nodiscard]] std::optional<std::chrono::milliseconds> watchdog_interval() const noexcept { return watchdog_interval_; }

    /// The variables, "NAME=value" each, by which a successor (binary upgrade) finds the same manager.
    [[nodiscard]] std::vector<std::string> environment() const;

private:
    void tell(std::string_view message) const;

    std::optional<sys::Address> socket_;
    std::string watchdog_usec_;  ///< as given; "": there is no watchdog
    std::optional<std::chrono::milliseconds> watchdog_interval_;
};

}  // namespace webserv::process
