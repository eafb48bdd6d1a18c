// h2/session_fuzz.cpp: whatever the octets, taken whole or one by one they make the same answer, and every request is well-formed.
// The preface and SETTINGS come first, so that the fuzzer need not find them.
#include <cassert>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "h2/session.hpp"

namespace {

using namespace webserv;

void check(const http::Request& request) {
    assert(!request.method_name.empty());
    assert(request.version == (http::Version{2, 0}));
    for (const http::FieldLine& line : request.fields) {
        assert(http::is_token(line.name));
        assert(line.value.find_first_of(std::string_view{"\r\n\0", 3}) == std::string_view::npos);
    }
}

std::string answer_to(io::Loop& loop, std::string_view octets, std::size_t piece) {
    h2::Session session{
        loop, {.head = {.bytes_max = 400, .line_bytes_max = 200, .lines_max = 8}, .concurrent_streams = 4, .content_window = 100}};
    std::vector<h2::Stream*> streams;
    for (; !octets.empty(); octets.remove_prefix(std::min(piece, octets.size()))) {
        session.receive(octets.substr(0, piece));
    }
    std::string trace;
    while (h2::Stream* const stream = session.take_arrived()) {
        if (stream->refusal == 0) check(stream->request);
        trace += stream->request.line;
        streams.push_back(stream);
    }
    session.abort();
    for (h2::Stream* const stream : streams) session.release(*stream);
    return trace.append(session.output.pending());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::unique_ptr<io::Loop> loop = std::move(*io::Loop::create({.simulated_time = true}));
    std::string octets{h2::preface};
    octets.append("\0\0\0\4\0\0\0\0\0", 9);
    octets.append(reinterpret_cast<const char*>(data), size);
    if (answer_to(*loop, octets, octets.size()) != answer_to(*loop, octets, 1)) std::abort();
    return 0;
}
