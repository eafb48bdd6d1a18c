// h1/writer_test.cpp: response heads, octet for octet as nginx prints them.
// The first head is what Debian's nginx answered for a small file.
#include "h1/writer.hpp"

#include <gtest/gtest.h>

namespace webserv::h1 {
namespace {

constexpr std::string_view date = "Sun, 06 Nov 1994 08:49:37 GMT";

TEST(RenderHead, PrintsFieldsInOrder) {
    Arena arena;
    http::Response response{arena};
    response.server = "nginx/1.22.1";
    response.content_type = "text/plain";
    response.content_length = 6;
    response.last_modified = 784111777;
    response.etag = "\"6b00e1ae-6\"";
    response.accept_ranges = true;
    response.fields.add("X-A", "b");
    EXPECT_EQ(render_head(response, HeadOptions{.date = date, .keep_alive_seconds = 20}, arena),
              "HTTP/1.1 200 OK\r\n"
              "Server: nginx/1.22.1\r\n"
              "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
              "Content-Type: text/plain\r\n"
              "Content-Length: 6\r\n"
              "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
              "Connection: keep-alive\r\n"
              "Keep-Alive: timeout=20\r\n"
              "ETag: \"6b00e1ae-6\"\r\n"
              "X-A: b\r\n"
              "Accept-Ranges: bytes\r\n"
              "\r\n");
}

TEST(RenderHead, SaysHowTheContentIsFramed) {
    struct Case {
        int status;
        Framing framing;
        bool persistent;
        std::string_view expected;
    };
    const Case cases[] = {
        {200, Framing::length, true, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n"},
        {200, Framing::none, true, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n"},  // to a HEAD
        {200, Framing::chunked, true, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n"},
        {404, Framing::close, false, "HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n"},
        {204, Framing::none, true, "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n"},
        {304, Framing::none, false, "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"},
        {101, Framing::none, true, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n\r\n"},
        {599, Framing::length, true, "HTTP/1.1 599 \r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n"},
    };
    for (const Case& row : cases) {
        Arena arena;
        http::Response response{arena};
        response.status = row.status;
        response.content_length = 5;
        EXPECT_EQ(render_head(response, HeadOptions{.framing = row.framing, .persistent = row.persistent}, arena), row.expected);
    }
}

TEST(RenderHead, HasRoomForLongValues) {
    Arena arena;
    const std::string large(100'000, 'x');
    http::Response response{arena};
    response.status = 302;
    response.reason = "Elsewhere";
    response.location = large;
    response.fields.add(large, large);
    response.content_length = UINT64_MAX;
    const std::string expected = "HTTP/1.1 302 Elsewhere\r\nContent-Length: 18446744073709551615\r\nLocation: " + large +
                                 "\r\nConnection: keep-alive\r\nKeep-Alive: timeout=4294967295\r\n" + large + ": " + large + "\r\n\r\n";
    EXPECT_EQ(render_head(response, HeadOptions{.keep_alive_seconds = UINT32_MAX}, arena), expected);
}

}  // namespace
}  // namespace webserv::h1
