// h1/send_message.cpp: content pulled piece by piece, framed, sent.
// The head waits for the first piece and leaves with it: a packet of its own would meet Nagle and the delayed ACK.
#include "h1/send_message.hpp"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "h1/chunked.hpp"

namespace webserv::h1 {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view last_chunk = "0\r\n\r\n";

std::string last_chunk_with(const http::FieldSection& trailers) {
    std::string text = "0\r\n";
    for (const http::FieldLine& line : trailers) {
        text.append(line.name).append(": ").append(line.value).append(line_end);
    }
    return text.append(line_end);
}

/// A message on its way. It moves from the first attempt to the coroutine that goes on where that has left off.
struct Sending {
    Sending(io::Stream& carrier, std::string_view head_octets, Framing framing, std::uint64_t length) noexcept
        : stream{carrier}, head{head_octets}, chunked{framing == Framing::chunked}, has_length{framing == Framing::length} {
        if (has_length) left = length;
    }

    io::Stream& stream;
    std::chrono::milliseconds patience{};
    std::string_view head;  // until it has left
    http::TrailerSource* trailers = nullptr;
    bool chunked;
    bool has_length;
    bool then_closes = false;
    bool chunk_open = false;                                         // the last chunk's data lacks its CRLF
    bool ended = false;                                              // the final chunk has left
    std::uint64_t left = std::numeric_limits<std::uint64_t>::max();  // content octets announced and not sent
    std::uint64_t bytes = 0;                                         // sent
    std::optional<io::Piece> first{};                                // of the content, if it was looked at already
    std::string trailer_lines{};                                     // with the final chunk before them

    // What leaves in one system call: head, CRLF of the chunk before, size line, data, CRLF, final chunk.
    std::size_t part_count = 0;
    std::array<iovec, 6> parts;
    std::array<char, 20> chunk_line;

    void add(std::string_view text) noexcept {
        if (!text.empty()) parts[part_count++] = {const_cast<char*>(text.data()), text.size()};  // it is only read
    }
    void add_head() noexcept { add(std::exchange(head, {})); }
    void add_chunk_line(std::uint64_t data_bytes) noexcept {
        if (!chunked) return;
        if (std::exchange(chunk_open, true)) add(line_end);
        add(format_chunk_size(data_bytes, chunk_line.data()));
    }
    void add_last_chunk() {
        if (trailers == nullptr) return add(last_chunk);
        trailer_lines = last_chunk_with(trailers->trailers());
        add(trailer_lines);
    }
    /// The end of the present chunk, and of the content if this was its last one.
    void add_chunk_end(bool last) {
        if (!chunked) return;
        if (std::exchange(chunk_open, false)) add(line_end);
        if (last && !std::exchange(ended, true)) add_last_chunk();
    }
    [[nodiscard]] std::optional<Result<>> write_at_once(bool more_follows);
    [[nodiscard]] std::optional<Result<>> send_first_slice();
    [[nodiscard]] std::optional<Result<>> send_at_once(io::Source* content);
};

/// Sends the parts, if there are any, and empties the list. @return nothing if the stream did not take all: flush() the rest
std::optional<Result<>> Sending::write_at_once(bool more_follows) {
    if (part_count == 0) return Result<>{};
    const auto unsent = std::span{parts}.first(part_count);
    const auto attempt = stream.try_write(unsent, more_follows);
    if (!attempt) return std::unexpected{attempt.error()};
    bytes += attempt->count;
    const auto rest = io::drop_front(unsent, attempt->count);
    part_count = 0;
    for (const iovec part : rest) parts[part_count++] = part;
    if (part_count > 0) return std::nullopt;
    return Result<>{};
}

/// The same for the first piece of the content, of a file.
std::optional<Result<>> Sending::send_first_slice() {
    io::FileSlice& slice = first->slice;
    const auto attempt = stream.try_send_file(*first->file, slice);
    if (!attempt) return std::unexpected{attempt.error()};
    bytes += attempt->count;
    left -= attempt->count;
    slice.offset += attempt->count;
    slice.length -= attempt->count;
    if (slice.length > 0) return std::nullopt;
    first.reset();
    return Result<>{};
}

/// The whole message, if all of its content is at hand and its length was announced, as far as the stream takes it.
/// @return nothing: it has to be gone on with, and maybe begun
std::optional<Result<>> Sending::send_at_once(io::Source* content) {
    if (chunked) return std::nullopt;
    if (content == nullptr) {
        if (has_length && left > 0) return std::nullopt;
    } else {
        if (content->length() != left) return std::nullopt;
        first = content->at_hand(left);
        const bool is_whole = first && (first->file != nullptr ? first->slice.length : first->bytes.size()) == left;
        if (!is_whole) return std::nullopt;
    }
    add_head();
    const bool of_file = first && first->file != nullptr;
    if (first && !of_file) {
        add(first->bytes);
        left = 0;
        first.reset();
    }
    auto written = write_at_once(of_file || then_closes);
    if (of_file && written && *written) written = send_first_slice();
    return written;
}

Task<Result<>> flush(Sending& sending, bool more_follows) {
    std::uint64_t unsent = 0;
    const auto parts = std::span{sending.parts}.first(std::exchange(sending.part_count, 0));
    for (const iovec& part : parts) unsent += part.iov_len;
    const auto written = co_await io::write_all(sending.stream, parts, sending.patience, more_follows);
    sending.bytes += unsent;
    for (const iovec& part : parts) sending.bytes -= part.iov_len;  // write_all has advanced them, also when it failed half-way
    if (!written) co_return std::unexpected{written.error()};
    co_return Result<>{};
}

Task<Result<>> send_slice(Sending& sending, const sys::Fd& file, io::FileSlice slice) {
    sending.add_head();
    sending.add_chunk_line(slice.length);
    auto written = sending.write_at_once(true);
    if (!written) written = co_await flush(sending, true);
    if (!*written) co_return *written;
    sending.left -= slice.length;
    const std::uint64_t all = slice.length;
    const bool more_follows = sending.chunked || sending.left > 0;
    const auto sent = co_await io::send_file(sending.stream, file, slice, sending.patience, more_follows);
    sending.bytes += all - slice.length;
    co_return sent;
}

Task<Result<>> send_bytes(Sending& sending, std::string_view bytes, bool last) {
    sending.add_head();
    sending.add_chunk_line(bytes.size());
    sending.add(bytes);
    sending.add_chunk_end(last);
    sending.left -= bytes.size();
    auto written = sending.write_at_once(false);
    if (!written) written = co_await flush(sending, false);
    co_return *written;
}

Task<Result<>> send_content(Sending& sending, io::Source& content) {
    while (sending.left > 0) {
        Result<io::Piece> piece;
        if (auto first = std::exchange(sending.first, std::nullopt)) {
            piece = *first;
        } else {
            piece = co_await content.next(sending.left);
        }
        if (!piece) co_return std::unexpected{piece.error()};
        if (piece->is_end()) break;
        if (piece->file == nullptr) {
            const bool last = content.length() == 0;
            auto sent = co_await send_bytes(sending, piece->bytes.substr(0, sending.left), last);
            if (!sent) co_return sent;
        } else {
            const io::FileSlice slice{.offset = piece->slice.offset, .length = std::min(piece->slice.length, sending.left)};
            auto sent = co_await send_slice(sending, *piece->file, slice);
            if (!sent) co_return sent;
        }
    }
    co_return Result<>{};
}

Sent sent_of(const Sending& sending, std::size_t head_bytes, const Result<>& outcome) {
    const std::uint64_t content_bytes = sending.bytes > head_bytes ? sending.bytes - head_bytes : 0;
    return {.bytes = sending.bytes, .content_bytes = content_bytes, .outcome = outcome};
}

/// What the first attempt has left: a part of the message, or all of it.
Task<Sent> send_rest(Sending sending, std::size_t head_bytes, io::Source* content) {
    Result<> outcome;
    const bool more_follows = content != nullptr && sending.left > 0;
    if (sending.part_count > 0) outcome = co_await flush(sending, more_follows || sending.then_closes);
    if (outcome && content != nullptr) outcome = co_await send_content(sending, *content);
    if (outcome && sending.has_length && sending.left > 0) {  // no padding: the peer shall see that the content is incomplete
        outcome = std::unexpected{Error{.code = std::errc::io_error, .doing = "send content: it ended before its announced length"}};
    }
    if (outcome) {  // what is left to say: the head of a message without content, the final chunk
        sending.add_head();
        sending.add_chunk_end(true);
        auto written = sending.write_at_once(sending.then_closes);
        if (!written) written = co_await flush(sending, sending.then_closes);
        outcome = *written;
    }
    co_return sent_of(sending, head_bytes, outcome);
}

}  // namespace

// Most messages leave at once: no coroutine.
Task<Sent> send_message(io::Stream& stream, std::string_view head, Framing framing, std::uint64_t length, io::Source* content,
                        std::chrono::milliseconds patience, http::TrailerSource* trailers, bool then_closes) {
    Sending sending{stream, head, framing, length};
    sending.patience = patience;
    sending.trailers = trailers;
    sending.then_closes = then_closes;
    if (framing == Framing::none) content = nullptr;
    if (const auto outcome = sending.send_at_once(content)) return Task<Sent>::done(sent_of(sending, head.size(), *outcome));
    return send_rest(std::move(sending), head.size(), content);
}

}  // namespace webserv::h1
