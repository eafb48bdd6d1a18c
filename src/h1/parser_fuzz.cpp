// h1/parser_fuzz.cpp: a head fed whole and octet by octet gives the same answer, and all its parts lie inside the input.
// The limits are small here, so that they are met too.
#include <cassert>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/arena.hpp"
#include "h1/parser.hpp"

namespace {

using webserv::h1::HeadLimits;
using webserv::h1::HeadParser;
using Progress = HeadParser::Progress;

// Small, so that the fuzzer meets the limits.
constexpr HeadLimits limits{.first_buffer_bytes = 32, .large_buffers = 3, .large_buffer_bytes = 96, .field_lines_max = 6};

void check_inside(std::string_view part, std::string_view whole) {
    assert(part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size()));
}

void check_request(const webserv::http::Request& request, std::string_view head) {
    for (const std::string_view part : {request.line, request.method_name, request.target, request.query, request.authority}) {
        check_inside(part, head);
    }
    if (request.path != "/") check_inside(request.path, head);
    for (const webserv::http::FieldLine& line : request.fields) {
        check_inside(line.name, head);
        check_inside(line.value, head);
        assert(webserv::http::is_token(line.name));
        assert(line.value.find_first_of(std::string_view{"\r\n\0", 3}) == std::string_view::npos);
    }
    assert(!(request.chunked && request.content_length));
    assert(request.version.major == 1);
    assert(request.version.minor == 0 || request.fields.count("Host") == 1);
    assert(request.line.starts_with(request.method_name));
}

bool same(const webserv::http::Request& a, const webserv::http::Request& b) {
    if (a.fields.size() != b.fields.size()) return false;
    for (std::size_t i = 0; i < a.fields.size(); ++i) {
        if (a.fields.begin()[static_cast<std::ptrdiff_t>(i)].value != b.fields.begin()[static_cast<std::ptrdiff_t>(i)].value) return false;
    }
    return a.line == b.line && a.path == b.path && a.query == b.query && a.authority == b.authority &&
           a.content_length == b.content_length && a.chunked == b.chunked && a.persistent == b.persistent;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view octets{reinterpret_cast<const char*>(data), size};
    HeadParser whole{limits};
    const Progress expected = whole.parse(octets);

    HeadParser piecewise{limits};
    Progress progress = Progress::incomplete;
    std::string gathered;
    for (std::size_t count = 0; count < size && progress == Progress::incomplete; ++count) {
        gathered.push_back(octets[count]);
        progress = piecewise.parse(std::string{gathered});  // in another place each time
    }
    assert(progress == expected);
    if (progress == Progress::failed) assert(piecewise.error() == whole.error());
    check_inside(whole.request_line(octets), octets);
    if (progress != Progress::complete) return 0;

    assert(piecewise.head_bytes() == whole.head_bytes() && whole.head_bytes() == gathered.size());
    webserv::Arena arena;
    webserv::http::Request request{arena};
    whole.fill(request, octets);
    check_request(request, octets.substr(0, whole.head_bytes()));
    webserv::http::Request again{arena};
    piecewise.fill(again, gathered);
    if (!same(request, again)) std::abort();
    return 0;
}
