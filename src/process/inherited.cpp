// process/inherited.cpp: reads NGINX="6;7;" and LISTEN_FDS, and believes neither before it has asked the kernel.
// A wrong number must not make us accept on, or close, something that is not a listening socket.
#include "process/inherited.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "base/text.hpp"
#include "sys/environment.hpp"

namespace webserv::process {

namespace {

using observe::Level;

constexpr int first_inherited = STDERR_FILENO + 1;  // SD_LISTEN_FDS_START; the standard streams are nobody's sockets
constexpr std::uint64_t inherited_max = 65536;      // more than anybody listens on; LISTEN_FDS is only a count

/// 1*DIGIT that can be a descriptor of somebody else's.
std::optional<int> parse_descriptor(std::string_view digits) noexcept {
    const auto number = text::parse_decimal(digits);
    if (!number || *number < first_inherited || *number > std::numeric_limits<int>::max()) return std::nullopt;
    return static_cast<int>(*number);
}

/// Each number ends with ';' or, as in old versions of nginx, ':'.
std::vector<int> parse_inheritance(std::string_view value, const observe::Log& log) {
    std::vector<int> descriptors;
    while (!value.empty()) {
        const auto end = value.find_first_of(";:");
        const auto descriptor = end == value.npos ? std::nullopt : parse_descriptor(value.substr(0, end));
        if (!descriptor) {
            log.write(Level::emerg,
                      fmt::format("invalid socket number \"{}\" in {} environment variable, ignoring the rest of the variable",
                                  value.substr(0, end), inheritance_variable));
            break;
        }
        descriptors.push_back(*descriptor);
        value.remove_prefix(end + 1);
    }
    return descriptors;
}

/// sd_listen_fds(3): consecutive numbers, meant for one process only.
std::vector<int> descriptors_from_manager(const std::optional<std::string>& count, const std::optional<std::string>& pid) {
    std::vector<int> descriptors;
    if (!count || !pid || text::parse_decimal(*pid) != static_cast<std::uint64_t>(::getpid())) return descriptors;
    const std::uint64_t number = std::min(text::parse_decimal(*count).value_or(0), inherited_max);
    for (std::uint64_t i = 0; i < number; ++i) descriptors.push_back(first_inherited + static_cast<int>(i));
    return descriptors;
}

/// Why a descriptor cannot be one of our listeners; "" if it can.
std::string refusal_of(int descriptor) {
    const auto option = [&](int name) -> std::optional<int> {
        int value = 0;
        socklen_t size = sizeof value;
        if (::getsockopt(descriptor, SOL_SOCKET, name, &value, &size) < 0) return std::nullopt;
        return value;
    };
    const auto type = option(SO_TYPE);
    if (!type) return fmt::format("getsockopt(SO_TYPE) failed {}", describe_errno(errno));
    if (*type != SOCK_STREAM || option(SO_ACCEPTCONN) != 1) return "it does not listen for connections";
    const int flags = ::fcntl(descriptor, F_GETFL);
    // Both are what our own sockets have from birth: O_NONBLOCK belongs to the socket, FD_CLOEXEC to the descriptor.
    if (flags < 0 || ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0 || ::fcntl(descriptor, F_SETFD, FD_CLOEXEC) < 0) {
        return fmt::format("fcntl() failed {}", describe_errno(errno));
    }
    return {};
}

}  // namespace

InheritedSockets take_inherited_sockets(const observe::Log& log) {
    const auto value = sys::take_environment_variable(inheritance_variable);
    const auto count = sys::take_environment_variable("LISTEN_FDS");
    const auto pid = sys::take_environment_variable("LISTEN_PID");
    [[maybe_unused]] const auto names = sys::take_environment_variable("LISTEN_FDNAMES");  // nothing of ours goes by such a name

    InheritedSockets inherited;
    inherited.from_predecessor = value.has_value();
    if (value) log.write(Level::notice, fmt::format("using inherited sockets from \"{}\"", *value));
    std::vector<int> descriptors = value ? parse_inheritance(*value, log) : descriptors_from_manager(count, pid);
    // One that is named twice would be closed twice.
    std::sort(descriptors.begin(), descriptors.end());
    descriptors.erase(std::unique(descriptors.begin(), descriptors.end()), descriptors.end());
    for (const int descriptor : descriptors) {
        if (const std::string refusal = refusal_of(descriptor); refusal.empty()) {
            inherited.sockets.emplace_back(descriptor);
        } else {
            log.write(Level::error, fmt::format("inherited socket #{} is ignored: {}", descriptor, refusal));
        }
    }
    return inherited;
}

std::string inheritance_of(std::span<const int> descriptors) {
    std::string value;
    for (const int descriptor : descriptors) value += fmt::format("{};", descriptor);
    return value;
}

}  // namespace webserv::process
