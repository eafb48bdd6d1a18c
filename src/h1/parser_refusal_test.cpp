// h1/parser_refusal_test.cpp: octets in, status out: what is not a head, fed whole and octet by octet.
// Each row names the reason as well: a head may be refused for the wrong one.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "h1/parser.hpp"

namespace webserv::h1 {
namespace {

using namespace std::string_view_literals;
using Progress = HeadParser::Progress;

const HeadLimits small_limits{.first_buffer_bytes = 64, .large_buffers = 2, .large_buffer_bytes = 128, .field_lines_max = 4};

struct Refusal {
    std::string_view head;
    HeadError error;
    int status;
};

void expect_refused(std::string_view head, const HeadLimits& limits, HeadError error, int status) {
    SCOPED_TRACE(testing::PrintToString(head.substr(0, 200)));
    HeadParser whole{limits};
    ASSERT_EQ(whole.parse(head), Progress::failed);
    EXPECT_EQ(describe(whole.error()), describe(error));
    EXPECT_EQ(status_of(whole.error()), status);

    HeadParser piecewise{limits};
    Progress progress = Progress::incomplete;
    for (std::size_t size = 0; size <= head.size() && progress == Progress::incomplete; ++size) {
        const std::string moved{head.substr(0, size)};  // another place each time: nothing may point into the old one
        progress = piecewise.parse(moved);
    }
    ASSERT_EQ(progress, Progress::failed);
    EXPECT_EQ(describe(piecewise.error()), describe(error));
}

TEST(HeadRefusal, RequestLine) {
    const Refusal refusals[] = {
        {"get / HTTP/1.1\r\nHost: a\r\n\r\n", HeadError::bad_method, 400},
        {"Get / HTTP/1.1\r\nHost: a\r\n\r\n", HeadError::bad_method, 400},
        {"G@T / HTTP/1.1\r\n", HeadError::bad_method, 400},
        {" GET / HTTP/1.1\r\n", HeadError::bad_method, 400},
        {"GET\r\n", HeadError::bad_method, 400},
        {"GET1 / HTTP/1.1\r\n", HeadError::bad_method, 400},
        {"\x16\x03\x01\x02\x00\x01"sv, HeadError::bad_method, 400},  // a TLS handshake, long before any line end
        {"\0"sv, HeadError::bad_method, 400},
        {"GET /\r\n", HeadError::bad_version, 400},  // HTTP/0.9
        {"GET \r\n", HeadError::bad_target, 400},
        {"GET  / HTTP/1.1\r\n", HeadError::bad_target, 400},
        {"GET\t/ HTTP/1.1\r\n", HeadError::bad_method, 400},
        {"GET /\t HTTP/1.1\r\n", HeadError::bad_target, 400},
        {"GET /a\x01 HTTP/1.1\r\n", HeadError::bad_target, 400},
        {"GET /a\0b HTTP/1.1\r\n"sv, HeadError::bad_target, 400},
        {"GET /a\x7f HTTP/1.1\r\n", HeadError::bad_target, 400},
        {"GET /a\rb HTTP/1.1\r\n", HeadError::bad_target, 400},
        {"GET /a b HTTP/1.1\r\n", HeadError::bad_version, 400},
        {"GET /  HTTP/1.1\r\n", HeadError::bad_version, 400},
        {"GET / HTTP/1.1 \r\n", HeadError::bad_version, 400},
        {"GET / \r\n", HeadError::bad_version, 400},
        {"GET / http/1.1\r\n", HeadError::bad_version, 400},
        {"GET / HTTP/1\r\n", HeadError::bad_version, 400},
        {"GET / HTTP/1.\r\n", HeadError::bad_version, 400},
        {"GET / HTTP/01.1\r\n", HeadError::bad_version, 400},
        {"GET / HTTP/1.10\r\n", HeadError::bad_version, 400},
        {"GET / HTTP/0.9\r\n", HeadError::bad_version, 400},
        {"GET / HTTPS/1.1\r\n", HeadError::bad_version, 400},
        {"GET / HTTP/2.0\r\n", HeadError::unsupported_version, 505},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HeadError::bad_target, 400},
        {"GET a HTTP/1.1\r\n", HeadError::bad_target, 400},
        {"GET * HTTP/1.1\r\n", HeadError::bad_target, 400},
        {"GET ftp://a/ HTTP/1.1\r\n", HeadError::bad_target, 400},
        {"GET http:///x HTTP/1.1\r\n", HeadError::bad_target, 400},
        {"GET http://u@a/ HTTP/1.1\r\n", HeadError::bad_host, 400},
        {"GET http://a:99999/ HTTP/1.1\r\n", HeadError::bad_host, 400},
        {"CONNECT / HTTP/1.1\r\n", HeadError::bad_target, 400},
        {"CONNECT a:b HTTP/1.1\r\n", HeadError::bad_host, 400},
        {"GET / HTTP/1.1\nHost: a\n\n", HeadError::bad_line_end, 400},
        {"GET / HTTP/1.1\r\r\n", HeadError::bad_version, 400},
        {"\nGET / HTTP/1.1\r\n", HeadError::bad_line_end, 400},
        {"\rGET / HTTP/1.1\r\n", HeadError::bad_line_end, 400},
        {"\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n", HeadError::too_many_blank_lines, 400},
    };
    for (const Refusal& row : refusals) expect_refused(row.head, HeadLimits{}, row.error, row.status);
}

TEST(HeadRefusal, FieldLines) {
    const Refusal refusals[] = {
        {"Host: a\n\r\n", HeadError::bad_line_end, 400},
        {"Host: a\r\n\n", HeadError::bad_line_end, 400},
        {"Host: a\rX: b\r\n\r\n", HeadError::bad_line_end, 400},
        {"X: a\r\r\n\r\n", HeadError::bad_line_end, 400},
        {" X: a\r\n\r\n", HeadError::obsolete_fold, 400},
        {"X: a\r\n b\r\n\r\n", HeadError::obsolete_fold, 400},
        {"X: a\r\n\tb\r\n\r\n", HeadError::obsolete_fold, 400},
        {"Host : a\r\n\r\n", HeadError::space_before_colon, 400},
        {"Host\t: a\r\n\r\n", HeadError::space_before_colon, 400},
        {"Transfer-Encoding : chunked\r\n\r\n", HeadError::space_before_colon, 400},
        {"X\r\n\r\n", HeadError::missing_colon, 400},
        {": a\r\n\r\n", HeadError::bad_field_name, 400},
        {"X(a): b\r\n\r\n", HeadError::bad_field_name, 400},
        {"X\x80: b\r\n\r\n", HeadError::bad_field_name, 400},
        {"X\0Y: b\r\n\r\n"sv, HeadError::bad_field_name, 400},
        {"X/Y: b\r\n\r\n", HeadError::bad_field_name, 400},
        {"X: a\0b\r\n\r\n"sv, HeadError::bad_field_value, 400},
        {"X: a\x01\r\n\r\n", HeadError::bad_field_value, 400},
        {"X: 0123456789\x7f 123456\r\n\r\n", HeadError::bad_field_value, 400},
        {"X: 0123456\x1b\r\n\r\n", HeadError::bad_field_value, 400},
        {"X_Y: a\x01\r\n\r\n", HeadError::bad_field_value, 400},
    };
    for (const Refusal& row : refusals) {
        const std::string head = "GET / HTTP/1.1\r\n" + std::string{row.head};
        expect_refused(head, HeadLimits{}, row.error, row.status);
    }
}

TEST(HeadRefusal, Host) {
    const Refusal refusals[] = {
        {"GET / HTTP/1.1\r\n\r\n", HeadError::missing_host, 400},
        {"GET http://a/ HTTP/1.1\r\n\r\n", HeadError::missing_host, 400},
        {"CONNECT a:1 HTTP/1.1\r\n\r\n", HeadError::missing_host, 400},
        {"GET / HTTP/1.1\r\nHo_st: a\r\n\r\n", HeadError::missing_host, 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", HeadError::repeated_host, 400},
        {"GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n", HeadError::repeated_host, 400},
        {"GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", HeadError::repeated_host, 400},
        {"GET / HTTP/1.1\r\nHost:\r\n\r\n", HeadError::bad_host, 400},
        {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", HeadError::bad_host, 400},
        {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", HeadError::bad_host, 400},
        {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", HeadError::bad_host, 400},
        {"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", HeadError::bad_host, 400},
        {"GET / HTTP/1.1\r\nHost: a..b\r\n\r\n", HeadError::bad_host, 400},
        {"GET / HTTP/1.1\r\nHost: a:x\r\n\r\n", HeadError::bad_host, 400},
        {"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", HeadError::bad_host, 400},
        {"GET http://a/ HTTP/1.1\r\nHost: a b\r\n\r\n", HeadError::bad_host, 400},
    };
    for (const Refusal& row : refusals) expect_refused(row.head, HeadLimits{}, row.error, row.status);
}

TEST(HeadRefusal, FramingAndExpectation) {
    const Refusal refusals[] = {
        {"Content-Length: +3", HeadError::bad_content_length, 400},
        {"Content-Length: -1", HeadError::bad_content_length, 400},
        {"Content-Length:", HeadError::bad_content_length, 400},
        {"Content-Length: 3 3", HeadError::bad_content_length, 400},
        {"Content-Length: 3, 3", HeadError::bad_content_length, 400},
        {"Content-Length: 0x3", HeadError::bad_content_length, 400},
        {"Content-Length: 18446744073709551616", HeadError::bad_content_length, 400},
        {"Content-Length: 3\r\nContent-Length: 3", HeadError::repeated_content_length, 400},
        {"Content-Length: 3\r\ncontent-length: 4", HeadError::repeated_content_length, 400},
        {"Content-Length: 3\r\nTransfer-Encoding: chunked", HeadError::length_with_coding, 400},
        {"Transfer-Encoding: chunked\r\nContent-Length: 0", HeadError::length_with_coding, 400},
        {"Transfer-Encoding: gzip, chunked", HeadError::unknown_coding, 501},
        {"Transfer-Encoding: chunked, chunked", HeadError::unknown_coding, 501},
        {"Transfer-Encoding: identity", HeadError::unknown_coding, 501},
        {"Transfer-Encoding: xchunked", HeadError::unknown_coding, 501},
        {"Transfer-Encoding: \x0b"
         "chunked",
         HeadError::bad_field_value, 400},
        {"Transfer-Encoding: \"chunked\"", HeadError::unknown_coding, 501},
        {"Transfer-Encoding:", HeadError::unknown_coding, 501},
        {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", HeadError::repeated_coding, 400},
        {"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", HeadError::repeated_coding, 400},
        {"Expect: 200-ok", HeadError::unknown_expectation, 417},
        {"Expect: 100-continue, x", HeadError::unknown_expectation, 417},
    };
    for (const Refusal& row : refusals) {
        const std::string head = "POST / HTTP/1.1\r\nHost: a\r\n" + std::string{row.head} + "\r\n\r\n";
        expect_refused(head, HeadLimits{}, row.error, row.status);
    }
    expect_refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", HeadLimits{}, HeadError::coding_in_1_0, 400);
}

TEST(HeadRefusal, Limits) {
    const std::string start = "GET / HTTP/1.1\r\nHost: a\r\n";
    const std::string line_of_100 = "X: " + std::string(95, 'x') + "\r\n";
    struct Case {
        std::string head;
        HeadError error;
        int status;
    };
    const Case cases[] = {
        {"GET /" + std::string(128, 'a'), HeadError::line_too_long, 414},
        {"GET /" + std::string(113, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", HeadError::line_too_long, 414},
        {std::string(129, 'A'), HeadError::line_too_long, 414},
        {start + "X: " + std::string(200, 'x'), HeadError::fields_too_large, 494},
        {start + "X: " + std::string(124, 'x') + "\r\n\r\n", HeadError::fields_too_large, 494},
        {start + line_of_100 + line_of_100 + line_of_100 + "\r\n", HeadError::fields_too_large, 494},
        {start + "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n", HeadError::too_many_fields, 494},
        {start + "A_: 1\r\nB_: 2\r\nC_: 3\r\nD_: 4\r\n\r\n", HeadError::too_many_fields, 494},
    };
    for (const Case& row : cases) expect_refused(row.head, small_limits, row.error, row.status);
}

TEST(HeadRefusal, LeavesTheRequestLineForTheLog) {
    const auto line_after = [](std::string_view octets) {
        HeadParser parser{HeadLimits{}};
        (void)parser.parse(octets);
        return std::string{parser.request_line(octets)};
    };
    EXPECT_EQ(line_after("GET / HTTP/2.0\r\nHost: a\r\n"), "GET / HTTP/2.0");
    EXPECT_EQ(line_after("GET / HTTP/1.1\r\nX y\r\n"), "GET / HTTP/1.1");
    EXPECT_EQ(line_after("GET / HTTP/1.1\nHost: a\n"), "GET / HTTP/1.1");
    EXPECT_EQ(line_after("\r\nGET /inco"), "GET /inco");
    EXPECT_EQ(line_after("get /\r\nHost: a"), "get /");
    EXPECT_EQ(line_after("\r\n\r\n"), "");
}

}  // namespace
}  // namespace webserv::h1
