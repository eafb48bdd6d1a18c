// h1/client_connection.hpp: HTTP/1.1 on a stream, as its client: write requests, read the heads of responses, and their content.
// The other end of connection.hpp, for whoever has an upstream. Not movable: its content refers to it.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string_view>

#include "base/arena.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "h1/input.hpp"
#include "h1/response_content.hpp"
#include "h1/response_parser.hpp"
#include "h1/send_message.hpp"
#include "http/message.hpp"
#include "io/source.hpp"
#include "io/stream.hpp"

namespace webserv::h1 {

/// Why there is no response head.
struct ResponseFailure {
    enum class Kind : unsigned char {
        closed,     ///< the server ended the connection before the first octet
        cut,        ///< ... within the head
        failed,     ///< the stream failed: `error` (timed_out, operation_canceled, connection_reset ...)
        malformed,  ///< `what` says how
    };
    Kind kind;
    ResponseError what{};
    Error error{};
    std::uint64_t received = 0;  ///< octets of the response; 0: a request that may be repeated can be tried on another connection
};

class ClientConnection {
public:
    explicit ClientConnection(io::Stream& stream) noexcept;
    ClientConnection(const ClientConnection&) = delete;
    ClientConnection& operator=(const ClientConnection&) = delete;

    /// Writes a request, or its content alone (an empty `head`), as send_message() does. It may run beside the reading: a server may
    /// answer before it has heard all.
    Task<Sent> write(std::string_view head, Framing framing, std::uint64_t length, io::Source* content, std::chrono::milliseconds patience);

    /// Reads the next head, interim ones (1xx) as well: the caller goes on until `!is_interim()`, then there is content().
    /// The views of a response are valid until the next call. The content of the response before must have ended.
    /// @param method  of the request, which decides about the content
    Task<std::expected<http::ReceivedResponse, ResponseFailure>> read_head(const ResponseLimits& limits, http::Method method, Arena& arena,
                                                                           io::Deadline deadline);
    /// The octets of the head that was read last, with its empty line; as valid as its views.
    [[nodiscard]] std::string_view head_octets() const noexcept { return head_octets_; }

    [[nodiscard]] ResponseContent& content() noexcept { return content_; }

    /// Whether another request may be sent: the content has ended, both sides want it, and nothing unasked-for has come.
    [[nodiscard]] bool persists() const noexcept;

private:
    io::Stream& stream_;
    Input input_;
    ResponseContent content_;
    std::string_view head_octets_;
    unsigned interim_responses_ = 0;
    bool may_persist_ = true;
};

}  // namespace webserv::h1
