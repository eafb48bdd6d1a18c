// h1/chunked_test.cpp: framed octets in, content or an error out, fed whole and octet by octet.
// The refusals are the framings that two parsers could read differently.
#include "h1/chunked.hpp"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>

namespace webserv::h1 {
namespace {

using Progress = ChunkedDecoder::Progress;

struct Outcome {
    Progress progress = Progress::need_more;
    std::string content;
    std::optional<ChunkError> error;
    std::size_t consumed = 0;
    bool operator==(const Outcome&) const = default;
};

void feed(ChunkedDecoder& decoder, std::string_view input, Outcome& outcome) {
    for (;;) {
        const auto step = decoder.decode(input);
        outcome.progress = step.progress;
        outcome.consumed += step.consumed;
        outcome.content += step.data;
        input.remove_prefix(step.consumed);
        if (step.progress == Progress::failed) outcome.error = decoder.error();
        if (step.progress != Progress::data) break;
    }
}

Outcome decode(std::string_view input, std::size_t piece_bytes) {
    ChunkedDecoder decoder;
    Outcome outcome;
    for (; !input.empty() && outcome.progress <= Progress::data; input.remove_prefix(std::min(piece_bytes, input.size()))) {
        feed(decoder, input.substr(0, piece_bytes), outcome);
    }
    return outcome;
}

TEST(ChunkedDecoder, DecodesContent) {
    struct Case {
        std::string framed, content;
    };
    const Case cases[] = {
        {"0\r\n\r\n", ""},
        {"5\r\nhello\r\n0\r\n\r\n", "hello"},
        {"5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n", "hello, world"},
        {"00A\r\n0123456789\r\n000\r\n\r\n", "0123456789"},
        {"a\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n\r\n\r\n\r\n"},
        {"1;a\r\nx\r\n0;b=c;d=\"e\\\"\\\\;f\"\r\n\r\n", "x"},
        {"1 ; a = b\r\nx\r\n0\t;b\r\n\r\n", "x"},
        {"1\r\nx\r\n0\r\nETag: \"a\"\r\nX:\r\nY: b\tc \r\n\r\n", "x"},
    };
    for (const Case& row : cases) {
        const Outcome expected{Progress::end, row.content, std::nullopt, row.framed.size()};
        EXPECT_EQ(decode(row.framed + "GET /", 1000), expected) << row.framed;
        EXPECT_EQ(decode(row.framed, 1), expected) << row.framed;
    }
}

TEST(ChunkedDecoder, RefusesOtherFraming) {
    struct Case {
        std::string framed;
        ChunkError error;
    };
    const Case cases[] = {
        {"\r\n", ChunkError::bad_size},
        {"x\r\n", ChunkError::bad_size},
        {" 1\r\nx\r\n", ChunkError::bad_size},
        {"-1\r\n", ChunkError::bad_size},
        {"0x1\r\nx", ChunkError::bad_size},
        {"1,\r\nx", ChunkError::bad_size},
        {";a\r\n", ChunkError::bad_size},
        {"10000000000000000\r\n", ChunkError::size_overflow},
        {"fffffffffffffffff\r\n", ChunkError::size_overflow},
        {"1\nx\r\n", ChunkError::bad_line_end},
        {"1\rx\r\n", ChunkError::bad_line_end},
        {"1\r\nxy\r\n", ChunkError::bad_line_end},
        {"1\r\nx\n0\r\n\r\n", ChunkError::bad_line_end},
        {"1\r\nx\r0\r\n\r\n", ChunkError::bad_line_end},
        {"1;a\nx\r\n", ChunkError::bad_line_end},
        {"1;a\rx\r\n", ChunkError::bad_line_end},
        {"1 \r\nx", ChunkError::bad_extension},
        {"1 2\r\nx", ChunkError::bad_extension},
        {"1;a\x01\r\n", ChunkError::bad_extension},
        {"1;a=\"\n\"\r\n", ChunkError::bad_extension},
        {"1;a=\"\r\n\"\r\n", ChunkError::bad_extension},
        {"1;a=\"\\\n\"\r\n", ChunkError::bad_extension},
        {"1;(\r\n", ChunkError::bad_extension},
        {"1;" + std::string(17000, 'a'), ChunkError::extensions_too_long},
        {std::string(17000, '0'), ChunkError::extensions_too_long},
        {"0\r\nX\r\n\r\n", ChunkError::bad_trailer},
        {"0\r\n: a\r\n\r\n", ChunkError::bad_trailer},
        {"0\r\n X: a\r\n\r\n", ChunkError::bad_trailer},
        {"0\r\nX : a\r\n\r\n", ChunkError::bad_trailer},
        {"0\r\nX: a\r\n b\r\n\r\n", ChunkError::bad_trailer},
        {std::string{"0\r\nX: a\0b\r\n\r\n", 12}, ChunkError::bad_trailer},
        {"0\r\nX: a\n\r\n", ChunkError::bad_line_end},
        {"0\r\nX: a\rb\r\n", ChunkError::bad_line_end},
        {"0\r\n\n", ChunkError::bad_line_end},
        {"0\r\n\rx", ChunkError::bad_line_end},
        {"0\r\nX: " + std::string(9000, 'a'), ChunkError::trailers_too_long},
    };
    for (const Case& row : cases) {
        const Outcome whole = decode(row.framed, 100'000);
        EXPECT_EQ(whole.error, row.error) << row.framed.substr(0, 60);
        EXPECT_EQ(decode(row.framed, 1), whole) << row.framed.substr(0, 60);
    }
}

TEST(ChunkedDecoder, BoundsExtensionsOfTheWholeContent) {
    std::string framed;
    for (int i = 0; i < 200; ++i) framed += "1;" + std::string(99, 'a') + "\r\nx\r\n";
    EXPECT_EQ(decode(framed, framed.size()).error, ChunkError::extensions_too_long);
}

TEST(ChunkedDecoder, StaysWhereItEnded) {
    ChunkedDecoder decoder;
    EXPECT_EQ(decoder.decode("0\r\n\r\n").progress, Progress::end);
    const auto again = decoder.decode("0\r\n\r\n");
    EXPECT_EQ(again.progress, Progress::end);
    EXPECT_EQ(again.consumed, 0U);
}

TEST(ChunkSize, IsHexadecimal) {
    std::array<char, 18> memory{};
    EXPECT_EQ(format_chunk_size(0, memory.data()), "0\r\n");
    EXPECT_EQ(format_chunk_size(1000, memory.data()), "3e8\r\n");
    EXPECT_EQ(format_chunk_size(UINT64_MAX, memory.data()), "ffffffffffffffff\r\n");
}

TEST(ChunkedDecoder, KeepsTrailersForWhoeverAsks) {
    const std::string_view input = "1\r\nx\r\n0\r\nA: b\r\nC:\t d \r\n\r\nHTTP/1.1";
    for (const std::size_t piece_bytes : {input.size(), std::size_t{1}}) {
        ChunkedDecoder decoder;
        std::string trailers;
        decoder.keep_trailers(trailers);
        auto progress = ChunkedDecoder::Progress::need_more;
        for (std::string_view rest = input; progress != ChunkedDecoder::Progress::end;) {
            const auto step = decoder.decode(rest.substr(0, piece_bytes));
            progress = step.progress;
            rest.remove_prefix(step.consumed);
        }
        EXPECT_EQ(trailers, "A: b\r\nC:\t d \r\n");
    }
}

}  // namespace
}  // namespace webserv::h1
