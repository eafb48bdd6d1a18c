// h1/chunked.hpp: the chunked transfer coding (RFC 9112 section 7.1): decoding what a peer sends, framing what we send.
// No I/O and no memory: the data handed out are views of the input. Trailers are kept only for whoever asks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace webserv::h1 {

enum class ChunkError : unsigned char {
    bad_size,
    size_overflow,
    bad_extension,
    extensions_too_long,
    bad_line_end,
    bad_trailer,
    trailers_too_long,
};

/// Decodes incrementally; keeps no octets. Extensions are checked and dropped, within a bound for the whole content; trailers too,
/// unless they are wanted.
class ChunkedDecoder {
public:
    /// Appends the trailer section to `trailers`, its lines with their ends, without the last, empty one. Before the first decode().
    void keep_trailers(std::string& trailers) noexcept { trailers_ = &trailers; }

    enum class Progress : unsigned char { need_more, data, end, failed };
    struct Step {
        Progress progress;
        std::size_t consumed;   ///< octets of the input this step is done with, data included
        std::string_view data;  ///< content within the input, for `data`
    };
    /// One step over `input`; call again with the rest of it. `need_more`: all of `input` was consumed.
    /// After `end` and `failed` it stays there and consumes nothing.
    Step decode(std::string_view input);
    [[nodiscard]] ChunkError error() const noexcept { return error_; }

private:
    enum class State : unsigned char {
        first_digit,
        digits,
        space_before_extension,
        extension,
        quoted,
        quoted_pair,
        size_line_feed,
        data,
        data_return,
        data_line_feed,
        line_start,  // of a trailer or of the last, empty line
        trailer_name,
        trailer_value,
        trailer_line_feed,
        last_line_feed,
        ended,
        failed,
    };
    State advance(char c) noexcept;
    State after_digits(char c) noexcept;
    State add_digit(char c) noexcept;
    State in_extension(char c) noexcept;
    State in_quoted(char c) noexcept;
    State after_size_line(char c) noexcept;
    State in_trailer(char c) noexcept;
    State expect(char c, char expected, State next) noexcept;
    State fail(ChunkError error) noexcept;

    State state_ = State::first_digit;
    ChunkError error_{};
    std::uint64_t chunk_left_ = 0;
    std::size_t extension_bytes_ = 0;  // of the whole content
    std::size_t trailer_bytes_ = 0;
    std::string* trailers_ = nullptr;
};

/// "3e8\r\n" for a chunk of 1000 octets. `into` holds at least 18 octets. Gives the view written.
std::string_view format_chunk_size(std::uint64_t bytes, char* into) noexcept;

}  // namespace webserv::h1
