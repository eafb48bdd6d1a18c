// h1/response_parser_test.cpp: response heads, bytes in, result out: fed whole, with octets behind them, and octet by octet.
// What is refused is refused alike in whatever pieces it comes.
#include "h1/response_parser.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace webserv::h1 {
namespace {

using Progress = ResponseParser::Progress;

// What a head means, in one line that is easy to compare.
std::string summary(const http::ReceivedResponse& response) {
    std::string text = "1." + std::to_string(response.version.minor) + " " + std::to_string(response.status);
    text.append(" '").append(response.reason).append("'");
    if (response.content_length) text += " length=" + std::to_string(*response.content_length);
    if (response.chunked) text += " chunked";
    if (response.persistent) text += " persistent";
    for (const http::FieldLine& line : response.fields) text.append(" ").append(line.name).append("=").append(line.value);
    return text;
}

std::string outcome(const ResponseParser& parser, Progress progress, std::string_view gathered) {
    if (progress == Progress::incomplete) return "incomplete";
    if (progress == Progress::failed) return "refused: " + std::string{describe(parser.error())};
    Arena arena;
    return summary(parser.response(gathered, arena));
}

std::string parse_whole(const std::string& head, const ResponseLimits& limits = {}) {
    ResponseParser parser{limits};
    const Progress progress = parser.parse(head);
    EXPECT_TRUE(progress != Progress::complete || parser.head_bytes() == head.size());
    return outcome(parser, progress, head);
}

// What follows the head is not looked at.
std::string parse_with_content(const std::string& head) {
    const std::string octets = head + "HTTP/1.1 content\n";
    ResponseParser parser{ResponseLimits{}};
    const Progress progress = parser.parse(octets);
    EXPECT_TRUE(progress != Progress::complete || parser.head_bytes() == head.size());
    return outcome(parser, progress, octets);
}

std::string parse_octet_by_octet(const std::string& head, const ResponseLimits& limits = {}) {
    ResponseParser parser{limits};
    Progress progress = Progress::incomplete;
    std::string gathered;
    for (std::size_t size = 1; size <= head.size() && progress == Progress::incomplete; ++size) {
        gathered = std::string{head.substr(0, size)};  // in another place each time
        progress = parser.parse(gathered);
    }
    return outcome(parser, progress, gathered);
}

struct Case {
    std::string head;
    std::string expected;
};

TEST(ResponseParser, UnderstandsHeads) {
    const Case cases[] = {
        {"HTTP/1.1 200 OK\r\n\r\n", "1.1 200 'OK' persistent"},
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n", "1.1 404 'Not Found' length=5 persistent Content-Length=5"},
        {"HTTP/1.1 200 \r\n\r\n", "1.1 200 '' persistent"},
        {"HTTP/1.1 200\r\n\r\n", "1.1 200 '' persistent"},
        {"HTTP/1.1 299 \xe4 b\t \r\n\r\n", "1.1 299 '\xe4 b\t ' persistent"},
        {"HTTP/1.0 200 OK\r\n\r\n", "1.0 200 'OK'"},
        {"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n", "1.0 200 'OK' persistent Connection=Keep-Alive"},
        {"HTTP/1.0 200 OK\r\nConnection: close, keep-alive\r\n\r\n", "1.0 200 'OK' Connection=close, keep-alive"},
        {"HTTP/1.9 200 OK\r\nConnection: x , Close\r\n\r\n", "1.9 200 'OK' Connection=x , Close"},
        {"HTTP/1.1 100 Continue\r\n\r\n", "1.1 100 'Continue' persistent"},
        {"HTTP/1.1 999 x\r\n\r\n", "1.1 999 'x' persistent"},
        {"HTTP/1.1 200 OK\r\ntransfer-ENCODING: Chunked\r\n\r\n", "1.1 200 'OK' chunked persistent transfer-ENCODING=Chunked"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0018446744073709551615\r\n\r\n",
         "1.1 200 'OK' length=18446744073709551615 persistent Content-Length=0018446744073709551615"},
        {"HTTP/1.1 200 OK\r\nA_b:  x \t y\t \r\nEmpty:\r\n!#$%&'*+-.^`|~9: \x80\xff:;\"\r\n\r\n",
         "1.1 200 'OK' persistent A_b=x \t y Empty= !#$%&'*+-.^`|~9=\x80\xff:;\""},
        {"HTTP/1.1 200 OK\r\nContent-Length : x\r\n\r\n", "refused: white space before the colon of a field about the content's end"},
        {"HTTP/1.1 200 OK\r\nServer\t : x\r\n\r\n", "1.1 200 'OK' persistent Server=x"},
        {"HTTP/1.1 200 OK\r\nA: b\r\n  c\r\n\td\r\nE: f\r\n\r\n", "1.1 200 'OK' persistent A=b    c  \td E=f"},
        {"HTTP/1.1 200 OK\r\nA:\r\n b\r\n\r\n", "1.1 200 'OK' persistent A=b"},
        {"HTTP/1.1 200 OK\r\nA: b\r\n \r\n\r\n", "1.1 200 'OK' persistent A=b"},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(parse_whole(c.head), c.expected) << c.head;
        EXPECT_EQ(parse_with_content(c.head), c.expected) << c.head;
        EXPECT_EQ(parse_octet_by_octet(c.head), c.expected) << c.head;
    }
}

struct Wrong {
    std::string head;
    ResponseError expected;
};

void expect_refusals(std::initializer_list<Wrong> cases) {
    for (const Wrong& c : cases) {
        const std::string expected = "refused: " + std::string{describe(c.expected)};
        EXPECT_EQ(parse_whole(c.head), expected) << c.head;
        EXPECT_EQ(parse_octet_by_octet(c.head), expected) << c.head;
    }
}

TEST(ResponseParser, RefusesWrongStatusLines) {
    using enum ResponseError;
    expect_refusals({
        {"SSH-2.0-OpenSSH_9.2\r\n", not_http},
        {"\r\nHTTP/1.1 200 OK\r\n\r\n", not_http},
        {"http/1.1 200 OK\r\n\r\n", not_http},
        {"<html>", not_http},
        {"HTTP/1.1\r\n\r\n", not_http},
        {"HTTP/11 200 OK\r\n\r\n", not_http},
        {"HTTP/1.1\t200 OK\r\n\r\n", not_http},
        {"HTTP/1.10 200 OK\r\n\r\n", not_http},
        {"HTTP/2 200\r\n\r\n", unsupported_version},
        {"HTTP/2.0 200 OK\r\n\r\n", unsupported_version},
        {"HTTP/0.9 200 OK\r\n\r\n", unsupported_version},
        {"HTTP/1.1 20 OK\r\n\r\n", bad_status},
        {"HTTP/1.1 2000 OK\r\n\r\n", bad_status},
        {"HTTP/1.1 099 OK\r\n\r\n", bad_status},
        {"HTTP/1.1  200 OK\r\n\r\n", bad_status},
        {"HTTP/1.1 200OK\r\n\r\n", bad_status},
        {"HTTP/1.1 +20 OK\r\n\r\n", bad_status},
        {"HTTP/1.1 200 O\x01K\r\n\r\n", bad_status},
        {"HTTP/1.1 200 O\rK\r\n\r\n", bad_line_end},
        {"HTTP/1.1 200 OK\n\n", bad_line_end},
    });
}

TEST(ResponseParser, RefusesWrongFields) {
    using enum ResponseError;
    expect_refusals({
        {"HTTP/1.1 200 OK\r\nA: b\n\r\n", bad_line_end},
        {"HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", bad_line_end},
        {"HTTP/1.1 200 OK\r\n\n", bad_line_end},
        {"HTTP/1.1 200 OK\r\nnothing\r\n\r\n", missing_colon},
        {"HTTP/1.1 200 OK\r\nspace \r\n\r\n", missing_colon},
        {"HTTP/1.1 200 OK\r\n: x\r\n\r\n", bad_field_name},
        {"HTTP/1.1 200 OK\r\na b: x\r\n\r\n", bad_field_name},
        {"HTTP/1.1 200 OK\r\n\xe4: x\r\n\r\n", bad_field_name},
        {std::string{"HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n", 27}, bad_field_value},
        {"HTTP/1.1 200 OK\r\nA: b\r\n \x7f\r\n\r\n", bad_field_value},
        {"HTTP/1.1 200 OK\r\n A: b\r\n\r\n", folded},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 0\r\n\r\n", folded},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n , gzip\r\n\r\n", folded},
        {"HTTP/1.1 200 OK\r\nConnection: a\r\n close\r\n\r\n", folded},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding\t: chunked\r\n\r\n", space_before_colon},
        {"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n", bad_content_length},
        {"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n", bad_content_length},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n", bad_content_length},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\n", bad_content_length},
        {"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n", bad_content_length},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", repeated_content_length},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", length_with_coding},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", length_with_coding},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", unknown_coding},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n", unknown_coding},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked;a=b\r\n\r\n", unknown_coding},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", repeated_coding},
        {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", coding_in_1_0},
    });
}

TEST(ResponseParser, WaitsForTheEmptyLine) {
    for (const std::string head :
         {"", "H", "HTTP/", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n\r"})
        EXPECT_EQ(parse_whole(head), "incomplete") << head;
}

TEST(ResponseParser, HasLimits) {
    const std::string head = "HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\n\r\n";
    const ResponseLimits exact{.head_bytes_max = head.size(), .field_lines_max = 2};
    EXPECT_EQ(parse_whole(head, exact), "1.1 200 'OK' persistent A=b C=d");
    EXPECT_EQ(parse_octet_by_octet(head, exact), "1.1 200 'OK' persistent A=b C=d");
    for (const auto& parse : {parse_whole, parse_octet_by_octet}) {
        EXPECT_EQ(parse(head, {.head_bytes_max = head.size() - 1}), "refused: too large a head");
        EXPECT_EQ(parse(head, {.field_lines_max = 1}), "refused: too many field lines");
        EXPECT_EQ(parse("HTTP/1.1 200 " + std::string(100, 'x'), {.head_bytes_max = 100}), "refused: too large a head");
    }
}

TEST(ResponseParser, FramesByStatusMethodAndFields) {
    struct Framed {
        std::string head;
        http::Method method;
        Framing expected;
    };
    using enum http::Method;
    const std::string length = "Content-Length: 3\r\n\r\n";
    const std::string chunked = "Transfer-Encoding: chunked\r\n\r\n";
    const Framed cases[] = {
        {"HTTP/1.1 200 OK\r\n" + length, get, Framing::length},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", get, Framing::length},
        {"HTTP/1.1 200 OK\r\n" + chunked, get, Framing::chunked},
        {"HTTP/1.1 200 OK\r\n\r\n", get, Framing::close},
        {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n", post, Framing::close},
        {"HTTP/1.1 200 OK\r\n" + length, head, Framing::none},
        {"HTTP/1.1 200 OK\r\n" + chunked, head, Framing::none},
        {"HTTP/1.1 204 No Content\r\n" + length, get, Framing::none},
        {"HTTP/1.1 204 No Content\r\n" + chunked, get, Framing::none},
        {"HTTP/1.1 304 Not Modified\r\n" + length, get, Framing::none},
        {"HTTP/1.1 103 Early Hints\r\n" + length, get, Framing::none},
        {"HTTP/1.1 205 Reset Content\r\n" + length, get, Framing::length},
        {"HTTP/1.1 101 Switching Protocols\r\n\r\n", get, Framing::close},
        {"HTTP/1.1 101 Switching Protocols\r\n" + length, get, Framing::close},
        {"HTTP/1.1 200 Connected\r\n" + length, connect, Framing::close},
        {"HTTP/1.1 403 Forbidden\r\n" + length, connect, Framing::length},
    };
    for (const Framed& c : cases) {
        Arena arena;
        ResponseParser parser{ResponseLimits{}};
        ASSERT_EQ(parser.parse(c.head), Progress::complete) << c.head;
        EXPECT_EQ(framing_of(parser.response(c.head, arena), c.method), c.expected) << c.head;
    }
}

TEST(ResponseParser, TellsInterimResponses) {
    for (const auto& [status, expected] : {std::pair{"100", true}, {"102", true}, {"103", true}, {"101", false}, {"200", false}}) {
        Arena arena;
        ResponseParser parser{ResponseLimits{}};
        const std::string head = "HTTP/1.1 " + std::string{status} + " x\r\n\r\n";
        ASSERT_EQ(parser.parse(head), Progress::complete);
        EXPECT_EQ(parser.response(head, arena).is_interim(), expected) << status;
    }
}

}  // namespace
}  // namespace webserv::h1
