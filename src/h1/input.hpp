// h1/input.hpp: what a connection has received and not used yet, and where the present request's head lies.
// Shared by the connection, which fills it, and the content, which empties it.
#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "base/task.hpp"
#include "h1/read_buffer.hpp"
#include "io/stream.hpp"

namespace webserv::h1 {

struct Input {
    io::Stream& stream;
    ReadBuffer buffer;        ///< where octets arrive; the head lies before the unread ones until content needs the room
    ReadBuffer head;          ///< ... then the buffer with the head moves here
    bool holds_head = false;  ///< `buffer` has the head
};

/// Waits until the stream is readable, then reads once into the buffer's room; 0 is the end of input.
/// Waiting first saves the read that would only say EAGAIN. Errors: timed_out, operation_canceled, the stream's own.
Task<Result<std::size_t>> receive(io::Stream& stream, ReadBuffer& buffer, io::Deadline deadline);

}  // namespace webserv::h1
