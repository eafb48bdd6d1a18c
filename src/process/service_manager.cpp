// process/service_manager.cpp: the notices of sd_notify(3), each sent from a socket of its own.
// They are rare, and a socket that is kept would have to be kept from the workers.
#include "process/service_manager.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "base/text.hpp"
#include "sys/environment.hpp"
#include "sys/socket.hpp"

namespace webserv::process {

namespace {

/// sd_watchdog_enabled(3): none if the variable is not a time, or means another process.
std::optional<std::uint64_t> watchdog_microseconds(const std::optional<std::string>& usec, const std::optional<std::string>& pid) {
    if (!usec || (pid && text::parse_decimal(*pid) != static_cast<std::uint64_t>(::getpid()))) return std::nullopt;
    const auto microseconds = text::parse_decimal(*usec);
    if (!microseconds || *microseconds == 0 || *microseconds > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    return microseconds;
}

}  // namespace

ServiceManager ServiceManager::from_environment() {
    ServiceManager manager;
    const auto path = sys::take_environment_variable("NOTIFY_SOCKET");
    const auto usec = sys::take_environment_variable("WATCHDOG_USEC");
    const auto pid = sys::take_environment_variable("WATCHDOG_PID");
    // Other kinds of address ("vsock:") are for virtual machines.
    if (!path || (!path->starts_with('/') && !path->starts_with('@'))) return manager;
    manager.socket_ = sys::Address::local(*path);
    if (const auto microseconds = watchdog_microseconds(usec, pid); manager.socket_ && microseconds) {
        manager.watchdog_usec_ = *usec;
        const std::chrono::microseconds half{*microseconds / 2};
        manager.watchdog_interval_ = std::max(std::chrono::duration_cast<std::chrono::milliseconds>(half), std::chrono::milliseconds{1});
    }
    return manager;
}

void ServiceManager::ready() const { tell("READY=1"); }

void ServiceManager::reloading() const {
    // The time tells a reload that systemd asked for from one before it (Type=notify-reload). Its clock is the steady one's.
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
}

void ServiceManager::stopping() const { tell("STOPPING=1"); }

void ServiceManager::status(std::string_view text) const {
    std::string line{text};
    std::replace(line.begin(), line.end(), '\n', ' ');  // a line end would begin another assignment
    tell("STATUS=" + line);
}

void ServiceManager::main_pid(pid_t process) const { tell(fmt::format("MAINPID={}", process)); }

void ServiceManager::ping() const { tell("WATCHDOG=1"); }

std::vector<std::string> ServiceManager::environment() const {
    std::vector<std::string> variables;
    if (!socket_) return variables;
    variables.push_back("NOTIFY_SOCKET=" + socket_->local_name());
    // No WATCHDOG_PID: without one the watchdog is whoever reads it.
    if (!watchdog_usec_.empty()) variables.push_back("WATCHDOG_USEC=" + watchdog_usec_);
    return variables;
}

void ServiceManager::tell(std::string_view message) const {
    if (!socket_) return;
    const auto sender = sys::open_socket(AF_UNIX, sys::SocketType::datagram);
    if (!sender) return;
    [[maybe_unused]] const ssize_t count =
        ::sendto(sender->get(), message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL, socket_->data(), socket_->size());
}

}  // namespace webserv::process
