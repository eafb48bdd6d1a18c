// h1/request_writer_test.cpp: heads as they leave, and what must never become one.
// What could be read as two requests is the point of most refusals.
#include "h1/request_writer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "h1/parser.hpp"

namespace webserv::h1 {
namespace {

std::string render(std::string_view method, std::string_view target, std::initializer_list<http::FieldLine> lines,
                   Framing framing = Framing::none, std::uint64_t length = 0, http::Version version = {}) {
    Arena arena;
    http::FieldSection fields{arena};
    for (const http::FieldLine& line : lines) fields.add(line.name, line.value);
    const auto head = render_request_head(
        {.method = method, .target = target, .version = version, .fields = fields, .framing = framing, .content_length = length}, arena);
    return head ? std::string{*head} : "refused: " + std::string{describe(head.error())};
}

TEST(RequestWriter, WritesHeads) {
    EXPECT_EQ(render("GET", "/", {{"Host", "a"}}), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(render("GET", "/?\xc3\xa4", {}, Framing::none, 0, {1, 0}), "GET /?\xc3\xa4 HTTP/1.0\r\n\r\n");
    EXPECT_EQ(render("PUT", "/x", {{"Host", "a:81"}, {"X", ""}, {"X", "\t\xff"}}, Framing::length, 0),
              "PUT /x HTTP/1.1\r\nHost: a:81\r\nX: \r\nX: \t\xff\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(render("POST", "*", {{"Host", "a"}}, Framing::length, UINT64_MAX),
              "POST * HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n\r\n");
    EXPECT_EQ(render("m-search", "http://a/", {}, Framing::chunked), "m-search http://a/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST(RequestWriter, RefusesWhatIsNoRequest) {
    const auto refused = [](RequestError error) { return "refused: " + std::string{describe(error)}; };
    using enum RequestError;
    for (const std::string_view method : {"", "GET ", "G\r\nX", "G:T", "\xc3\xa4"}) EXPECT_EQ(render(method, "/", {}), refused(bad_method));
    for (const std::string_view target : {std::string_view{}, {"/ /"}, {"/\r\n"}, {"/\n"}, {"/\t"}, {"/\x7f"}, {"/\0", 2}}) {
        EXPECT_EQ(render("GET", target, {}), refused(bad_target)) << target;
    }
    for (const std::string_view name : {"", "A ", "A:", "A\r", "\xff", "A\nB"}) {
        EXPECT_EQ(render("GET", "/", {{name, "x"}}), refused(bad_field_name)) << name;
    }
    for (const std::string_view value : {std::string_view{"a\r\nB: c"}, {"a\nb"}, {"\r"}, {"\0", 1}, {"\x7f"}, {"\x1b[2J"}}) {
        EXPECT_EQ(render("GET", "/", {{"A", value}}), refused(bad_field_value)) << value;
    }
    EXPECT_EQ(render("GET", "/", {{"content-LENGTH", "1"}}), refused(framing_field));
    EXPECT_EQ(render("GET", "/", {{"Transfer-encoding", "chunked"}}), refused(framing_field));
}

TEST(RequestWriter, IsReadByOurOwnParser) {
    const std::string head = render("POST", "/a?b", {{"Host", "a"}, {"X", "y z"}}, Framing::length, 12);
    HeadParser parser{HeadLimits{}};
    ASSERT_EQ(parser.parse(head), HeadParser::Progress::complete);
    Arena arena;
    http::Request request{arena};
    parser.fill(request, head);
    EXPECT_EQ(request.path, "/a");
    EXPECT_EQ(request.content_length, 12U);
    EXPECT_EQ(request.fields.find("x"), "y z");
}

}  // namespace
}  // namespace webserv::h1
