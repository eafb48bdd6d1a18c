// server/log_handover.cpp: descriptors by number of their log, in one packet that stays until the next one.
// unix(7): a packet that is only looked at (MSG_PEEK) gives copies of its descriptors each time.
#include "server/log_handover.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

#include "sys/packet.hpp"

namespace webserv::server {

Result<> LogHandover::open() {
    auto pair = sys::open_control_pair();
    if (!pair) return std::unexpected{pair.error()};
    pair_ = std::move(*pair);
    return {};
}

Result<> LogHandover::put(std::span<const Sink> logs) {
    std::string numbers;
    std::vector<int> descriptors;
    for (const Sink& log : logs) {
        if (log->syslog) continue;  // a socket is no file that was rotated
        numbers.append(reinterpret_cast<const char*>(&log->number), sizeof log->number);
        descriptors.push_back(log->file.get());
    }
    if (descriptors.empty()) return {};
    if (descriptors.size() > sys::packet_descriptors_max) {
        return std::unexpected{Error{.code = std::errc::argument_list_too_long, .doing = "sendmsg"}};
    }
    while (sys::receive_packet(pair_.theirs).value_or(std::nullopt)) continue;  // those of the rotation before
    return sys::send_packet(pair_.ours, numbers, descriptors);
}

void LogHandover::take(std::span<const Sink> logs) const {
    auto packet = sys::receive_packet(pair_.theirs, sys::PacketUse::look);
    if (!packet || !*packet) return;
    const std::string& numbers = (*packet)->bytes;
    for (std::size_t index = 0; index < (*packet)->descriptors.size(); ++index) {
        std::uint64_t number = 0;
        if ((index + 1) * sizeof number > numbers.size()) return;
        std::memcpy(&number, numbers.data() + index * sizeof number, sizeof number);
        for (const Sink& log : logs) {
            if (log->number != number || !log->file) continue;
            (void)::dup3((*packet)->descriptors[index].get(), log->file.get(), O_CLOEXEC);  // on failure it keeps the file it has
        }
    }
}

}  // namespace webserv::server
