// h1/parser_test.cpp: heads that are accepted, with what is understood of them, fed whole and octet by octet.
// Every head arrives in another place each time, as it does when its buffer grows.
#include "h1/parser.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/arena.hpp"

namespace webserv::h1 {
namespace {

using Progress = HeadParser::Progress;
using http::TargetForm;

// What a head means, in one line that is easy to compare.
std::string summary(const http::Request& request) {
    std::string text{request.method_name};
    text.append(" ").append(request.path);
    if (request.has_query) text.append("?").append(request.query);
    text.append(" @").append(request.authority);
    text += " 1." + std::to_string(request.version.minor);
    if (request.content_length) text += " length=" + std::to_string(*request.content_length);
    if (request.chunked) text += " chunked";
    if (request.persistent) text += " persistent";
    if (request.expects_continue) text += " continue";
    for (const http::FieldLine& line : request.fields) text.append(" ").append(line.name).append("=").append(line.value);
    return text;
}

http::Request request_of(const HeadParser& parser, std::string_view gathered, Arena& arena) {
    http::Request request{arena};
    parser.fill(request, gathered);
    return request;
}

std::string parse_whole(const std::string& head, std::string_view behind = {}) {
    Arena arena;
    const std::string octets = head + std::string{behind};
    HeadParser parser{HeadLimits{}};
    if (parser.parse(octets) != Progress::complete) return "not complete";
    EXPECT_EQ(parser.head_bytes(), head.size());
    return summary(request_of(parser, octets, arena));
}

std::string parse_octet_by_octet(const std::string& head) {
    Arena arena;
    HeadParser parser{HeadLimits{}};
    for (std::size_t size = 0; size < head.size(); ++size) {
        if (parser.parse(std::string{head.substr(0, size)}) != Progress::incomplete) return "complete or failed too early";
    }
    if (parser.parse(head) != Progress::complete) return "not complete";
    return summary(request_of(parser, head, arena));
}

TEST(HeadParser, UnderstandsHeads) {
    struct Case {
        std::string head;
        std::string expected;
    };
    const Case cases[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / @a 1.1 persistent Host=a"},
        {"GET /a/b?c=d?e HTTP/1.1\r\nHost: a:80\r\n\r\n", "GET /a/b?c=d?e @a:80 1.1 persistent Host=a:80"},
        {"GET /a? HTTP/1.0\r\n\r\n", "GET /a? @ 1.0"},
        {"GET /a#b?c HTTP/1.0\r\n\r\n", "GET /a @ 1.0"},
        {"GET /a?b#c HTTP/1.0\r\n\r\n", "GET /a?b @ 1.0"},
        {"GET /\xc3\xa4?\xff HTTP/1.0\r\n\r\n", "GET /\xc3\xa4?\xff @ 1.0"},
        {"\r\n\r\nGET / HTTP/1.0\r\n\r\n", "GET / @ 1.0"},
        {"GET / HTTP/1.5\r\nhOST: a\r\n\r\n", "GET / @a 1.5 persistent hOST=a"},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET / @a 1.1 Host=a Connection=close"},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: x , Close\r\n\r\n", "GET / @a 1.1 Host=a Connection=x , Close"},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", "GET / @a 1.1 persistent Host=a Connection=closed"},
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET / @ 1.0 persistent Connection=keep-alive"},
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", "GET / @ 1.0 Connection=keep-alive Connection=close"},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 007\r\n\r\n", "POST / @a 1.1 length=7 persistent Host=a Content-Length=007"},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n",
         "POST / @a 1.1 chunked persistent Host=a Transfer-Encoding=Chunked"},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\nExpect: 100-Continue\r\n\r\n",
         "POST / @a 1.1 length=18446744073709551615 persistent continue Host=a Content-Length=18446744073709551615 Expect=100-Continue"},
        {"POST / HTTP/1.0\r\nExpect: something\r\n\r\n", "POST / @ 1.0 Expect=something"},
        {"GET / HTTP/1.0\r\nX:  \ta \t b\t \r\nY:\r\nZ: \r\n\r\n", "GET / @ 1.0 X=a \t b Y= Z="},
        {"GET / HTTP/1.0\r\nX: \x80\xff:;\"\r\n!#$%&'*+-.^`|~9: x\r\n\r\n", "GET / @ 1.0 X=\x80\xff:;\" !#$%&'*+-.^`|~9=x"},
        {"GET / HTTP/1.0\r\nA_b: 1\r\nC: 2\r\nContent_Length: 9\r\n\r\n", "GET / @ 1.0 C=2"},
        {"GET http://b:81/x?y HTTP/1.1\r\nHost: a\r\n\r\n", "GET /x?y @b:81 1.1 persistent Host=a"},
        {"GET HTTPS://b?y HTTP/1.1\r\nHost: a\r\n\r\n", "GET /?y @b 1.1 persistent Host=a"},
        {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * @a 1.1 persistent Host=a"},
        {"CONNECT b:443 HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT  @b:443 1.1 persistent Host=a"},
        {"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", "TRACE / @a 1.1 persistent Host=a"},
        {"M-SEARCH_X / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", "M-SEARCH_X / @[::1]:8080 1.1 persistent Host=[::1]:8080"},
    };
    for (const Case& row : cases) {
        EXPECT_EQ(parse_whole(row.head), row.expected);
        EXPECT_EQ(parse_whole(row.head, "GET /next HTTP/1.1\r\n"), row.expected);
        EXPECT_EQ(parse_octet_by_octet(row.head), row.expected);
    }
}

TEST(HeadParser, KnowsTheFormOfTheTarget) {
    const auto form_of = [](const std::string& head) {
        Arena arena;
        HeadParser parser{HeadLimits{}};
        EXPECT_EQ(parser.parse(head), Progress::complete);
        return request_of(parser, head, arena).form;
    };
    EXPECT_EQ(form_of("GET / HTTP/1.0\r\n\r\n"), TargetForm::origin);
    EXPECT_EQ(form_of("GET http://a HTTP/1.0\r\n\r\n"), TargetForm::absolute);
    EXPECT_EQ(form_of("CONNECT a:1 HTTP/1.0\r\n\r\n"), TargetForm::authority);
    EXPECT_EQ(form_of("OPTIONS * HTTP/1.0\r\n\r\n"), TargetForm::asterisk);
}

TEST(HeadParser, TakesWhatJustFitsTheLimits) {
    const HeadLimits limits{.first_buffer_bytes = 64, .large_buffers = 2, .large_buffer_bytes = 128, .field_lines_max = 2};
    const std::string line = "GET /" + std::string(112, 'a') + " HTTP/1.0\r\n";
    ASSERT_EQ(line.size(), 128U);
    const std::string field = "X: " + std::string(123, 'x') + "\r\n";
    ASSERT_EQ(field.size(), 128U);
    const std::string last = "Y: " + std::string(320 - 256 - 7, 'y') + "\r\n\r\n";
    HeadParser parser{limits};
    EXPECT_EQ(parser.parse(line + field + last), Progress::complete);
    EXPECT_EQ(parser.head_bytes(), limits.head_bytes_max());
    HeadParser second{limits};
    EXPECT_EQ(second.parse(line + field + "Y" + last), Progress::failed);
}

TEST(HeadParser, KeepsMoreLinesThanFitInPlace) {
    std::string head = "GET / HTTP/1.0\r\n";
    for (int i = 0; i < 100; ++i) head += "X-" + std::to_string(i) + ": " + std::to_string(i * i) + "\r\n";
    head += "\r\n";
    Arena arena;
    HeadParser parser{HeadLimits{}};
    ASSERT_EQ(parser.parse(head), Progress::complete);
    const http::Request request = request_of(parser, head, arena);
    ASSERT_EQ(request.fields.size(), 100U);
    EXPECT_EQ(request.fields.find("x-0"), "0");
    EXPECT_EQ(request.fields.find("x-99"), "9801");
}

TEST(HeadParser, CountsDroppedLines) {
    const std::string head = "GET / HTTP/1.0\r\nA_B: 1\r\n_: 2\r\nC: 3\r\n\r\n";
    HeadParser parser{HeadLimits{}};
    ASSERT_EQ(parser.parse(head), Progress::complete);
    EXPECT_EQ(parser.dropped_lines(), 2U);
}

}  // namespace
}  // namespace webserv::h1
