// h1/chunked_fuzz.cpp: framed octets fed whole and one at a time decode alike; what we encode comes back as it was.
// The decoder keeps no octets, so pieces of any size must give the same content.
#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>

#include "h1/chunked.hpp"

namespace {

using webserv::h1::ChunkedDecoder;
using Progress = ChunkedDecoder::Progress;

struct Outcome {
    Progress progress = Progress::need_more;
    std::string content;
    std::size_t consumed = 0;
    int error = -1;
    bool operator==(const Outcome&) const = default;
};

Outcome decode(std::string_view input, std::size_t piece_bytes) {
    ChunkedDecoder decoder;
    Outcome outcome;
    while (outcome.progress == Progress::need_more && outcome.consumed < input.size()) {
        std::string_view piece = input.substr(outcome.consumed, piece_bytes);
        do {
            const auto step = decoder.decode(piece);
            assert(step.consumed <= piece.size());
            assert(step.progress != Progress::need_more || step.consumed == piece.size());
            assert(step.progress != Progress::data || !step.data.empty());
            outcome.progress = step.progress;
            outcome.consumed += step.consumed;
            outcome.content += step.data;
            piece.remove_prefix(step.consumed);
        } while (outcome.progress == Progress::data);
    }
    if (outcome.progress == Progress::failed) outcome.error = static_cast<int>(decoder.error());
    return outcome;
}

std::string encode(std::string_view content, std::size_t chunk_bytes) {
    std::string framed;
    std::array<char, 18> line{};
    for (; !content.empty(); content.remove_prefix(std::min(chunk_bytes, content.size()))) {
        const std::string_view chunk = content.substr(0, chunk_bytes);
        framed.append(webserv::h1::format_chunk_size(chunk.size(), line.data())).append(chunk).append("\r\n");
    }
    return framed.append("0\r\n\r\n");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view octets{reinterpret_cast<const char*>(data), size};
    const Outcome whole = decode(octets, size);
    assert(decode(octets, 1) == whole);
    assert(decode(octets, 7) == whole);

    const std::size_t chunk_bytes = size == 0 ? 1 : data[0] % 64U + 1;
    const std::string framed = encode(octets, chunk_bytes);
    const Outcome back = decode(framed + "GET", framed.size() + 3);
    assert(back.progress == Progress::end && back.content == octets && back.consumed == framed.size());
    return 0;
}
