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

struct Sending {
    io::Stream& stream;
    std::chrono::milliseconds patience;
    std::string_view head;  // until it has left
    http::TrailerSource* trailers = nullptr;
    std::string trailer_lines{};  // with the final chunk before them
    bool chunked = false;
    std::uint64_t left = std::numeric_limits<std::uint64_t>::max();  // content octets announced and not sent
    std::uint64_t bytes = 0;                                         // sent
    bool chunk_open = false;                                         // the last chunk's data lacks its CRLF
    bool ended = false;                                              // the final chunk has left
    std::optional<io::Piece> first{};                                // of the content, if it was looked at already

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
    /// If all of the content is at hand, in memory, and its length was announced: adds head and content.
    [[nodiscard]] bool add_whole(io::Source& content) {
        if (chunked || content.length() != left) return false;
        first = content.at_hand(left);
        if (!first || first->file != nullptr || first->bytes.size() != left) return false;
        add_head();
        add(first->bytes);
        left = 0;
        return true;
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

}  // namespace

Task<Sent> send_message(io::Stream& stream, std::string_view head, Framing framing, std::uint64_t length, io::Source* content,
                        std::chrono::milliseconds patience, http::TrailerSource* trailers, bool then_closes) {
    Sending sending{stream, patience, head, trailers};
    sending.chunked = framing == Framing::chunked;
    if (framing == Framing::length) sending.left = length;
    Result<> outcome;
    if (framing != Framing::none && content != nullptr && !sending.add_whole(*content)) {
        outcome = co_await send_content(sending, *content);
    }
    const bool too_short = framing == Framing::length && sending.left > 0;
    if (outcome && too_short) {  // no padding: the peer shall see that the content is incomplete
        outcome = std::unexpected{Error{.code = std::errc::io_error, .doing = "send content: it ended before its announced length"}};
    }
    if (outcome) {  // what is left to say: the whole message, the head of one without content, the final chunk
        sending.add_head();
        sending.add_chunk_end(true);
        auto written = sending.write_at_once(then_closes);
        if (!written) written = co_await flush(sending, then_closes);
        outcome = *written;
    }
    const std::uint64_t content_bytes = sending.bytes > head.size() ? sending.bytes - head.size() : 0;
    co_return Sent{.bytes = sending.bytes, .content_bytes = content_bytes, .outcome = outcome};
}

}  // namespace webserv::h1
