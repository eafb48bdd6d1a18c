// process/channel.cpp: a message is one packet, or several if its descriptors do not fit one.
// Both ends are the same program, so the header is a struct as it stands in memory.
#include "process/channel.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "sys/packet.hpp"

namespace webserv::process {
namespace {

struct Header {
    std::uint64_t generation;
    MessageKind kind;
    bool more;  // descriptors of the same message follow
};

std::string with_header(const Header& header, std::string_view text) {
    std::string bytes(sizeof header, '\0');
    std::memcpy(bytes.data(), &header, sizeof header);
    return bytes.append(text.substr(0, sys::packet_bytes_max - sizeof header));
}

}  // namespace

void Channel::send(MessageKind kind, std::uint64_t generation, std::string_view text, const Parcel& parcel) {
    auto next = parcel.descriptors.begin();
    do {
        const auto left = parcel.descriptors.end() - next;
        const auto count = std::min<std::ptrdiff_t>(left, sys::packet_descriptors_max);
        Outgoing packet{with_header({.generation = generation, .kind = kind, .more = count < left}, text), {next, next + count}};
        queue_.push_back(std::move(packet));
        next += count;
    } while (next != parcel.descriptors.end());
    flush();
}

void Channel::flush() {
    while (!queue_.empty()) {
        const Outgoing& packet = queue_.front();
        std::array<int, sys::packet_descriptors_max> numbers;
        std::transform(packet.descriptors.begin(), packet.descriptors.end(), numbers.begin(), [](const auto& fd) { return fd->get(); });
        const auto sent = sys::send_packet(socket_, packet.bytes, std::span{numbers}.first(packet.descriptors.size()));
        if (!sent && sent.error().code == std::errc::resource_unavailable_try_again) return;
        if (!sent) return queue_.clear();
        queue_.pop_front();
    }
}

Result<std::optional<Message>> Channel::receive() {
    for (;;) {
        auto received = sys::receive_packet(socket_);
        if (!received) return std::unexpected{received.error()};
        if (!*received) return std::optional<Message>{};
        sys::Packet& packet = **received;
        Header header{};
        if (packet.bytes.size() < sizeof header) return std::unexpected{Error{.code = std::errc::bad_message, .doing = "recvmsg"}};
        std::memcpy(&header, packet.bytes.data(), sizeof header);
        arriving_.kind = header.kind;
        arriving_.generation = header.generation;
        arriving_.text = packet.bytes.substr(sizeof header);
        std::move(packet.descriptors.begin(), packet.descriptors.end(), std::back_inserter(arriving_.descriptors));
        if (!header.more) return std::optional{std::exchange(arriving_, {})};
    }
}

void Channel::close() noexcept {
    socket_.reset();
    queue_.clear();
}

}  // namespace webserv::process
