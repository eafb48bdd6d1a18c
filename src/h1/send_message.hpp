// h1/send_message.hpp: writes one message, head and content, whichever way it goes: a response of ours or a request.
// The content is pulled as fast as the stream takes it: back-pressure needs no code of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/result.hpp"
#include "base/task.hpp"
#include "h1/writer.hpp"
#include "http/message.hpp"
#include "io/source.hpp"
#include "io/stream.hpp"

namespace webserv::h1 {

using http::Sent;

/// Writes head and content; the head leaves together with the first content. `content` may be null, `head` empty.
/// A source that ends early makes an error, never padding; one that has more is cut at `length`, which counts with Framing::length.
/// @param patience  the longest time between two writes that succeed
/// @param trailers  asked once the content is known, for Framing::chunked; may be null
/// @param then_closes  the end of writing follows at once: the last octets may wait for it, and share its segment
Task<Sent> send_message(io::Stream& stream, std::string_view head, Framing framing, std::uint64_t length, io::Source* content,
                        std::chrono::milliseconds patience, http::TrailerSource* trailers = nullptr, bool then_closes = false);

}  // namespace webserv::h1
