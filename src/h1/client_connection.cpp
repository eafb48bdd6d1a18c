// h1/client_connection.cpp: a head is gathered until it is whole; what came behind it is the beginning of the content.
// The buffer is that of content: one read gets most small responses whole.
#include "h1/client_connection.hpp"

#include <algorithm>
#include <utility>

namespace webserv::h1 {

using Kind = ResponseFailure::Kind;

ClientConnection::ClientConnection(io::Stream& stream) noexcept
    : stream_{stream}, input_{stream, ReadBuffer{content_buffer_bytes}, {}, false}, content_{input_} {}

Task<Sent> ClientConnection::write(std::string_view head, Framing framing, std::uint64_t length, io::Source* content,
                                   std::chrono::milliseconds patience) {
    return send_message(stream_, head, framing, length, content, patience);
}

Task<std::expected<http::ReceivedResponse, ResponseFailure>> ClientConnection::read_head(const ResponseLimits& limits, http::Method method,
                                                                                         Arena& arena, io::Deadline deadline) {
    ReadBuffer& buffer = input_.buffer;
    input_.head = {};
    input_.holds_head = false;
    head_octets_ = {};
    if (buffer.unread().empty()) buffer.clear();
    // One octet beyond the bound, so that the parser gets to see that it is crossed.
    const std::size_t capacity_max = std::max(limits.head_bytes_max + 1, buffer.unread().size() + buffer.room().size());
    ResponseParser parser{limits};
    for (;;) {
        const auto progress = parser.parse(buffer.unread());
        const std::uint64_t received = buffer.unread().size();
        if (progress == ResponseParser::Progress::complete) break;
        if (progress == ResponseParser::Progress::failed) {
            co_return std::unexpected{ResponseFailure{.kind = Kind::malformed, .what = parser.error(), .received = received}};
        }
        if (buffer.room().empty()) buffer.make_room(capacity_max);
        const auto count = co_await receive(stream_, buffer, deadline);
        if (!count) co_return std::unexpected{ResponseFailure{.kind = Kind::failed, .error = count.error(), .received = received}};
        if (*count == 0) co_return std::unexpected{ResponseFailure{.kind = received == 0 ? Kind::closed : Kind::cut, .received = received}};
    }
    http::ReceivedResponse response = parser.response(buffer.unread(), arena);
    head_octets_ = buffer.unread().substr(0, parser.head_bytes());
    buffer.take(parser.head_bytes());
    input_.holds_head = true;
    if (response.is_interim() && ++interim_responses_ > limits.interim_max) {
        co_return std::unexpected{ResponseFailure{.kind = Kind::malformed, .what = ResponseError::too_many_interim, .received = 1}};
    }
    if (!response.is_interim()) {
        interim_responses_ = 0;
        const Framing framing = framing_of(response, method);
        content_.begin(framing, response.content_length.value_or(0));
        may_persist_ = response.persistent && framing != Framing::close;
    }
    co_return std::move(response);  // a copy would leave the arena
}

bool ClientConnection::persists() const noexcept {
    return may_persist_ && content_.finished() && input_.buffer.unread().empty() && !stream_.peer_gone();
}

}  // namespace webserv::h1
