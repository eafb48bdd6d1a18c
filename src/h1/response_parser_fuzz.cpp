// h1/response_parser_fuzz.cpp: a response head fed whole and octet by octet gives the same answer; no value holds a line end.
// The limits are small here, so that they are met too.
#include <cassert>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "h1/response_parser.hpp"

namespace {

using webserv::h1::Framing;
using webserv::h1::ResponseLimits;
using webserv::h1::ResponseParser;
using Progress = ResponseParser::Progress;

constexpr ResponseLimits limits{.head_bytes_max = 512, .field_lines_max = 6};

void check(const webserv::http::ReceivedResponse& response) {
    for (const webserv::http::FieldLine& line : response.fields) {
        assert(webserv::http::is_token(line.name));
        assert(line.value.find_first_of(std::string_view{"\r\n\0", 3}) == std::string_view::npos);
        assert(line.value.empty() || (line.value.front() != ' ' && line.value.back() != ' '));
    }
    assert(response.status >= 100 && response.status <= 999 && response.version.major == 1);
    assert(!(response.chunked && response.content_length));
    assert(!response.chunked || response.version.minor > 0);
    assert(response.fields.count("content-length") == (response.content_length ? 1U : 0U));
    assert(response.fields.count("transfer-encoding") == (response.chunked ? 1U : 0U));
    assert(webserv::h1::framing_of(response, webserv::http::Method::head) == Framing::none || response.status == 101);
}

bool same(const webserv::http::ReceivedResponse& a, const webserv::http::ReceivedResponse& b) {
    if (a.fields.size() != b.fields.size()) return false;
    for (std::size_t i = 0; i < a.fields.size(); ++i) {
        const auto at = static_cast<std::ptrdiff_t>(i);
        if (a.fields.begin()[at].name != b.fields.begin()[at].name || a.fields.begin()[at].value != b.fields.begin()[at].value)
            return false;
    }
    return a.line == b.line && a.status == b.status && a.reason == b.reason && a.content_length == b.content_length &&
           a.chunked == b.chunked && a.persistent == b.persistent;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view octets{reinterpret_cast<const char*>(data), size};
    ResponseParser whole{limits};
    const Progress expected = whole.parse(octets);

    ResponseParser piecewise{limits};
    Progress progress = Progress::incomplete;
    std::string gathered;
    for (std::size_t count = 0; count < size && progress == Progress::incomplete; ++count) {
        gathered.push_back(octets[count]);
        progress = piecewise.parse(std::string{gathered});  // in another place each time
    }
    assert(progress == expected);
    if (progress == Progress::failed) assert(piecewise.error() == whole.error());
    if (progress != Progress::complete) return 0;

    assert(piecewise.head_bytes() == whole.head_bytes() && whole.head_bytes() == gathered.size());
    webserv::Arena arena;
    const auto response = whole.response(octets, arena);
    check(response);
    if (!same(response, piecewise.response(gathered, arena))) std::abort();
    return 0;
}
