// process/running.cpp: the -s option: find the running server by its pid file and send it a signal.
// A process of its own that knows nothing but the path.
#include <fmt/format.h>
#include <signal.h>

#include "process/master.hpp"
#include "process/pid_file.hpp"
#include "sys/file.hpp"
#include "sys/process.hpp"

namespace webserv::process {
namespace {

// The option has been checked: it is one of nginx's four.
int signal_of(std::string_view name) {
    if (name == "stop") return SIGTERM;
    if (name == "quit") return SIGQUIT;
    return name == "reload" ? SIGHUP : SIGUSR1;
}

}  // namespace

int signal_running(const std::string& signal_name, const std::string& pid_path, const observe::Log& log) {
    using observe::Level;
    const int signal = signal_of(signal_name);
    constexpr std::size_t bytes_max = 4096;  // far more than a number needs
    const auto content = sys::read_whole(pid_path.c_str(), bytes_max);
    if (!content) {
        const Error& error = content.error();
        log.write(Level::error, fmt::format("{}() \"{}\" failed {}", error.doing, pid_path, describe_errno(static_cast<int>(error.code))));
        return 1;
    }
    const auto process = parse_pid(*content);
    if (!process) {
        const std::string_view shown = std::string_view{*content}.substr(0, content->find_last_not_of("\r\n") + 1);
        log.write(Level::error, fmt::format("invalid PID number \"{}\" in \"{}\"", shown, pid_path));
        return 1;
    }
    if (const auto sent = sys::send_signal(*process, signal); !sent) {
        log.write(Level::alert,
                  fmt::format("kill({}, {}) failed {}", *process, signal, describe_errno(static_cast<int>(sent.error().code))));
        return 1;
    }
    return 0;
}

}  // namespace webserv::process
