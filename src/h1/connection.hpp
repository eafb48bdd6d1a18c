// h1/connection.hpp: HTTP/1.0 and 1.1 on a stream: read a request's head, its content; write the response.
// Never calls upward: the server drives it. An idle connection owns no buffer.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/arena.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "h1/chunked.hpp"
#include "h1/parser.hpp"
#include "h1/send_message.hpp"
#include "h1/writer.hpp"
#include "http/message.hpp"
#include "io/source.hpp"
#include "io/stream.hpp"

namespace webserv::h1 {

/// Why no request was read.
struct ReadFailure {
    enum class Kind : unsigned char {
        closed,     ///< the peer ended the connection before the first octet of a head
        cut,        ///< ... or within a head, or the stream failed: answer nothing
        timed_out,  ///< the head was not complete in time
        canceled,   ///< we are shutting down
        malformed,  ///< `error` says how: answer status_of(error) and close
    };
    Kind kind;
    HeadError error{};
};

class Connection {
public:
    explicit Connection(io::Stream& stream) noexcept;
    ~Connection();

    /// From now on messages come and go through this stream: before anything was read.
    void use(io::Stream& stream) noexcept { stream_ = &stream; }

    /// Octets of the first request that somebody else has read. Before anything else.
    void begin_with(std::string_view octets);

    /// Looks for octets of the next request (also pipelined ones); holds no buffer if there are none.
    /// @return none: they are there; else what the stream has to become before another look is worth while
    /// Errors: not_connected when the peer has closed; the stream's own.
    [[nodiscard]] Result<io::Readiness> find_request();
    /// Waits until find_request() finds them. Errors: also timed_out, operation_canceled.
    Task<Result<>> wait_for_request(io::Deadline deadline);

    /// What they have found, for whoever wants to know first whether it is HTTP/1 at all.
    [[nodiscard]] std::string_view buffered() const noexcept;
    /// Waits for more of it. Errors: as wait_for_request().
    Task<Result<>> read_more(io::Deadline deadline);

    /// Reads one head into `request`, which must be new. Its views are valid until finish_request(). After a failure of kind malformed,
    /// request_line() still tells what was received.
    Task<Result<void, ReadFailure>> read_head(http::Request& request, const HeadLimits& limits, io::Deadline deadline);
    [[nodiscard]] std::string_view request_line() const noexcept;
    /// Octets of the head that was read (request line and fields), for $request_length; content octets are added as they are read.
    [[nodiscard]] std::uint64_t request_bytes() const noexcept;

    /// The present request's content, decoded; `length()` is known unless it is chunked. After read_head() has succeeded.
    /// If the client expects it, "100 Continue" is sent before the first read, unless content has come already.
    /// Errors of next(): timed_out; connection_reset or bad_message (blame downstream); file_too_large beyond set_content_limits().
    [[nodiscard]] io::Source& content() noexcept;
    /// @param bytes_max      beyond this it is refused; 0: unlimited
    /// @param between_reads  the longest time without an octet
    void set_content_limits(std::uint64_t bytes_max, std::chrono::milliseconds between_reads) noexcept;

    using Sent = h1::Sent;
    /// Writes head and content, as send_message() does.
    Task<Sent> write_response(const http::Response& response, const HeadOptions& options, io::Source* content,
                              std::chrono::milliseconds patience, Arena& arena);

    /// Reads and drops what is left of the present content, if that is little and comes soon; frees the head.
    /// Content that was announced with "Expect: 100-continue" and never asked for is not waited for: the answer is false.
    /// @return whether the next request's head begins where this request ended
    Task<bool> finish_request(std::uint64_t discard_bytes_max, io::Deadline deadline);

    /// finish_request() for a request whose content has gone, or that had none. @return false: it is not so simple, and nothing was done
    [[nodiscard]] bool finish_at_once();

    /// Whether the present request came together with the one before.
    [[nodiscard]] bool is_pipelined() const noexcept;

    /// Whether octets beyond the present request have been read already: a pipelined request, or what nobody will read.
    [[nodiscard]] bool has_buffered() const noexcept;

    /// FIN first, then drain what the peer still sends until it closes, `deadline`, or `patience` between two reads
    /// (lingering close: a reset would destroy the response on its way; RFC 9112 section 9.6).
    Task<> close_gracefully(io::Deadline deadline, std::chrono::milliseconds patience);

private:
    struct State;
    Task<Result<void, ReadFailure>> read_rest_of_head(http::Request& request, HeadLimits limits, io::Deadline deadline);

    io::Stream* stream_;
    std::unique_ptr<State> state_;  // only while a request is read or answered
};

}  // namespace webserv::h1
