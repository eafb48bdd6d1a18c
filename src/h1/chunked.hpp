// h1/chunked.hpp: the chunked transfer coding (RFC 9112 section 7.1): decoding what a peer sends, framing what we send.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace webserv::h1 {

enum class ChunkError : unsigned char { bad_size, size_overflow, bad_extension, extensions_too_long, bad_line_end, bad_trailer, trailers_too_long };

/// Decodes incrementally; keeps no octets. Extensions are checked and dropped, within a bound for the whole content; trailers too.
class ChunkedDecoder {
public:
    enum class Progress : unsigned char { need_more, data, end, failed };
    struct Step {
        Progress progress;
        std::size_t consumed;   ///< octets of the input this step is done with, data included
        std::string_view data;  ///< content within the input, for `data`
    };
    /// One step over `input`; call again with the rest of it. `need_more`: all of `input` was consumed.
    Step decode(std::string_view input);
    [[nodiscard]] ChunkError error() const noexcept { return error_; }

private:
    ChunkError error_{};
};

/// "3e8\r\n" for a chunk of 1000 octets. `into` holds at least 18 octets. Gives the view written.
std::string_view format_chunk_size(std::uint64_t bytes, char* into) noexcept;

}  // namespace webserv::h1
