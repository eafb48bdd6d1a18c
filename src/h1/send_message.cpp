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

/// A message, and how much of it has left.
struct Message {
    io::Stream& stream;
    std::chrono::milliseconds patience;
    std::string_view head;  // what has not left of it
    http::TrailerSource* trailers = nullptr;
    bool chunked = false;
    bool has_length = false;
    bool then_closes = false;
    io::Readiness blocked_on = io::Readiness::none;                  // by the last attempt
    std::uint64_t left = std::numeric_limits<std::uint64_t>::max();  // content octets announced and not sent
    std::uint64_t bytes = 0;                                         // sent
    std::optional<io::Piece> first{};                                // of the content, if it was looked at already: what has not left of it

    [[nodiscard]] bool look_at(io::Source* content);
    [[nodiscard]] std::optional<Result<>> leave_at_once();

private:
    void took(std::size_t count) noexcept;
    [[nodiscard]] std::optional<Result<>> write_at_once(bool more_follows);
    [[nodiscard]] std::optional<Result<>> send_slice_at_once();
};

/// @return whether everything there is to say is at hand, and its length, if it has any, was announced
bool Message::look_at(io::Source* content) {
    if (chunked) return false;
    if (content == nullptr) return !has_length || left == 0;
    if (content->length() != left) return false;
    first = content->at_hand(left);
    return first && (first->file != nullptr ? first->slice.length : first->bytes.size()) == left;
}

/// So much of the head, and of content in memory, has left.
void Message::took(std::size_t count) noexcept {
    bytes += count;
    const std::size_t of_head = std::min(count, head.size());
    head.remove_prefix(of_head);
    if (count == of_head) return;
    first->bytes.remove_prefix(count - of_head);
    left -= count - of_head;
}

/// Makes one attempt to send all that look_at() has found. @return nothing: what is left has to wait
std::optional<Result<>> Message::leave_at_once() {
    const bool of_file = first && first->file != nullptr;
    auto sent = write_at_once(of_file || then_closes);
    if (of_file && sent && *sent) sent = send_slice_at_once();
    return sent;
}

/// The head, and what content there is in memory.
std::optional<Result<>> Message::write_at_once(bool more_follows) {
    const std::string_view content = first ? first->bytes : std::string_view{};
    const std::size_t all = head.size() + content.size();
    if (all == 0) return Result<>{};
    const std::array<iovec, 2> parts{iovec{const_cast<char*>(head.data()), head.size()},  // they are only read
                                     iovec{const_cast<char*>(content.data()), content.size()}};
    const auto attempt = stream.try_write(std::span{parts}.first(content.empty() ? 1 : 2), more_follows);
    if (!attempt) return std::unexpected{attempt.error()};
    blocked_on = attempt->blocked_on;
    took(attempt->count);
    if (attempt->count < all) return std::nullopt;
    return Result<>{};
}

std::optional<Result<>> Message::send_slice_at_once() {
    io::FileSlice& slice = first->slice;
    const auto attempt = stream.try_send_file(*first->file, slice);
    if (!attempt) return std::unexpected{attempt.error()};
    blocked_on = attempt->blocked_on;
    bytes += attempt->count;
    left -= attempt->count;
    slice.offset += attempt->count;
    slice.length -= attempt->count;
    if (slice.length > 0) return std::nullopt;
    return Result<>{};
}

/// A message that takes longer, and what is to leave next of it.
struct Sending : Message {
    explicit Sending(const Message& message) : Message{message} {}

    std::string trailer_lines{};  // with the final chunk before them
    bool chunk_open = false;      // the last chunk's data lacks its CRLF
    bool ended = false;           // the final chunk has left

    // What leaves in one system call: head, CRLF of the chunk before, size line, data, CRLF, final chunk.
    std::array<iovec, 6> parts{};
    std::size_t part_count = 0;
    std::array<char, 20> chunk_line{};

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
    /// Sends the parts, if there are any, and empties the list. @return nothing if the stream did not take all: flush() the rest
    [[nodiscard]] std::optional<Result<>> write_at_once(bool more_follows) {
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
};

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

Sent sent_of(const Message& message, std::size_t head_bytes, const Result<>& outcome) {
    const std::uint64_t content_bytes = message.bytes > head_bytes ? message.bytes - head_bytes : 0;
    return {.bytes = message.bytes, .content_bytes = content_bytes, .outcome = outcome};
}

/// All of the message, or what a first attempt has left of it.
Task<Sent> send_waiting(Message message, std::size_t head_bytes, io::Source* content) {
    Sending sending{message};
    Result<> outcome;
    if (sending.blocked_on != io::Readiness::none) {
        outcome = co_await sending.stream.ready(sending.blocked_on, io::deadline_after(sending.stream.now(), sending.patience));
    }
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
    Message message{.stream = stream,
                    .patience = patience,
                    .head = head,
                    .trailers = trailers,
                    .chunked = framing == Framing::chunked,
                    .has_length = framing == Framing::length,
                    .then_closes = then_closes};
    if (message.has_length) message.left = length;
    if (framing == Framing::none) content = nullptr;
    if (message.look_at(content)) {
        if (const auto outcome = message.leave_at_once()) return Task<Sent>::done(sent_of(message, head.size(), *outcome));
    }
    return send_waiting(message, head.size(), content);
}

}  // namespace webserv::h1
