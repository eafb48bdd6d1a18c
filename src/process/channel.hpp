// process/channel.hpp: the line between the master and one worker: few kinds of message, any number of descriptors in one.
// Sending never blocks: what the peer does not take yet waits here.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "process/parcel.hpp"
#include "sys/fd.hpp"

namespace webserv::process {

enum class MessageKind : unsigned char {
    prepare,   ///< to a worker: make ready to go over to this generation
    commit,    ///< to a worker: go over to it
    reopen,    ///< to a worker: log files that were opened anew
    began,     ///< from a worker, once: it could become what it is meant to be
    prepared,  ///< from a worker
    failed,    ///< from a worker, with the reason
};

struct Message {
    MessageKind kind{};
    std::uint64_t generation = 0;
    std::string text;
    std::vector<sys::Fd> descriptors;
};

class Channel {
public:
    Channel() = default;  ///< to nobody
    explicit Channel(sys::Fd socket) noexcept : socket_{std::move(socket)} {}

    /// Queues a message and sends what the peer takes now. `text` is cut to what fits a packet.
    void send(MessageKind kind, std::uint64_t generation, std::string_view text = {}, const Parcel& parcel = {});
    /// Sends more of the queue. A peer that has gone empties it: whoever watches the socket learns of that end.
    void flush();
    [[nodiscard]] bool has_unsent() const noexcept { return !queue_.empty(); }

    /// The next complete message; nothing if there is none yet. Errors: not_connected (the peer has gone), bad_message.
    [[nodiscard]] Result<std::optional<Message>> receive();

    [[nodiscard]] const sys::Fd& socket() const noexcept { return socket_; }
    void close() noexcept;

private:
    struct Outgoing {
        std::string bytes;
        std::vector<std::shared_ptr<const sys::Fd>> descriptors;
    };
    sys::Fd socket_;
    std::deque<Outgoing> queue_;
    Message arriving_;  // its descriptors come in several packets
};

}  // namespace webserv::process
