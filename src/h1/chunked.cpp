// h1/chunked.cpp: a state for each octet of the framing; data passes in whole pieces.
// As strict as RFC 9112 section 7.1 is: framing that two parsers could read differently is refused.
#include "h1/chunked.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "http/octets.hpp"

namespace webserv::h1 {
namespace {

// Nobody we know of needs extensions; a peer that pads every chunk with them would make us work for nothing.
constexpr std::size_t extension_bytes_max = 16'384;
constexpr std::size_t trailer_bytes_max = 8'192;  // what a field line may have in a head

}  // namespace

ChunkedDecoder::State ChunkedDecoder::fail(ChunkError error) noexcept {
    error_ = error;
    return State::failed;
}

ChunkedDecoder::Step ChunkedDecoder::decode(std::string_view input) {
    std::size_t position = 0;
    while (state_ < State::ended && position < input.size()) {
        if (state_ == State::data) {
            const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, input.size() - position));
            chunk_left_ -= count;
            if (chunk_left_ == 0) state_ = State::data_return;
            return {Progress::data, position + count, input.substr(position, count)};
        }
        state_ = advance(input[position++]);
    }
    if (state_ == State::ended) return {Progress::end, position, {}};
    return {state_ == State::failed ? Progress::failed : Progress::need_more, position, {}};
}

ChunkedDecoder::State ChunkedDecoder::advance(char c) noexcept {
    switch (state_) {
        case State::first_digit:
            return text::hex_value(c) < 0 ? fail(ChunkError::bad_size) : add_digit(c);
        case State::digits:
            return text::hex_value(c) < 0 ? after_digits(c) : add_digit(c);
        case State::space_before_extension:
            return c == '\r' ? fail(ChunkError::bad_extension) : after_digits(c);
        case State::extension:
            return in_extension(c);
        case State::quoted:
        case State::quoted_pair:
            return in_quoted(c);
        case State::size_line_feed:
            return after_size_line(c);
        case State::data_return:
            return expect(c, '\r', State::data_line_feed);
        case State::data_line_feed:
            return expect(c, '\n', State::first_digit);
        case State::line_start:
        case State::trailer_name:
        case State::trailer_value:
            return in_trailer(c);
        case State::trailer_line_feed:
            if (trailers_ != nullptr) *trailers_ += "\r\n";
            return expect(c, '\n', State::line_start);
        case State::last_line_feed:
            return expect(c, '\n', State::ended);
        default:
            return state_;
    }
}

ChunkedDecoder::State ChunkedDecoder::expect(char c, char expected, State next) noexcept {
    return c == expected ? next : fail(ChunkError::bad_line_end);
}

ChunkedDecoder::State ChunkedDecoder::add_digit(char c) noexcept {
    if (chunk_left_ >> 60 != 0) return fail(ChunkError::size_overflow);
    const bool padding = state_ == State::digits && chunk_left_ == 0;  // "000...": bounded like an extension
    if (padding && ++extension_bytes_ > extension_bytes_max) return fail(ChunkError::extensions_too_long);
    chunk_left_ = chunk_left_ * 16 + static_cast<std::uint64_t>(text::hex_value(c));
    return State::digits;
}

ChunkedDecoder::State ChunkedDecoder::after_digits(char c) noexcept {
    if (c == '\r') return State::size_line_feed;
    if (c == '\n') return fail(ChunkError::bad_line_end);
    if (++extension_bytes_ > extension_bytes_max) return fail(ChunkError::extensions_too_long);
    if (c == ';') return State::extension;
    return c == ' ' || c == '\t' ? State::space_before_extension
                                 : fail(state_ == State::digits ? ChunkError::bad_size : ChunkError::bad_extension);
}

// token, "=", ";", white space and quoted strings, in whatever order: nothing depends on their meaning.
ChunkedDecoder::State ChunkedDecoder::in_extension(char c) noexcept {
    if (c == '\r') return State::size_line_feed;
    if (c == '\n') return fail(ChunkError::bad_line_end);
    if (++extension_bytes_ > extension_bytes_max) return fail(ChunkError::extensions_too_long);
    if (c == '"') return State::quoted;
    const bool good = http::contains(http::token_octets, c) || c == ';' || c == '=' || c == ' ' || c == '\t';
    return good ? State::extension : fail(ChunkError::bad_extension);
}

// A line end does not hide in quotes: it is a control, and controls may not stand there.
ChunkedDecoder::State ChunkedDecoder::in_quoted(char c) noexcept {
    if (++extension_bytes_ > extension_bytes_max) return fail(ChunkError::extensions_too_long);
    if (!http::is_value_octet(c)) return fail(ChunkError::bad_extension);
    if (state_ == State::quoted_pair) return State::quoted;
    if (c == '\\') return State::quoted_pair;
    return c == '"' ? State::extension : State::quoted;
}

ChunkedDecoder::State ChunkedDecoder::after_size_line(char c) noexcept {
    if (c != '\n') return fail(ChunkError::bad_line_end);
    return chunk_left_ == 0 ? State::line_start : State::data;
}

ChunkedDecoder::State ChunkedDecoder::in_trailer(char c) noexcept {
    if (c == '\n') return fail(ChunkError::bad_line_end);
    if (state_ == State::line_start && c == '\r') return State::last_line_feed;
    if (++trailer_bytes_ > trailer_bytes_max) return fail(ChunkError::trailers_too_long);
    if (trailers_ != nullptr && c != '\r') *trailers_ += c;
    if (state_ == State::trailer_value) {
        if (c == '\r') return State::trailer_line_feed;
        return http::is_value_octet(c) ? State::trailer_value : fail(ChunkError::bad_trailer);
    }
    if (c == ':' && state_ == State::trailer_name) return State::trailer_value;
    return http::contains(http::token_octets, c) ? State::trailer_name : fail(ChunkError::bad_trailer);
}

std::string_view format_chunk_size(std::uint64_t bytes, char* into) noexcept {
    char* const end = std::to_chars(into, into + 16, bytes, 16).ptr;
    end[0] = '\r';
    end[1] = '\n';
    return {into, static_cast<std::size_t>(end + 2 - into)};
}

}  // namespace webserv::h1
