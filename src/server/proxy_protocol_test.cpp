// server/proxy_protocol_test.cpp: both versions, whole and octet by octet, and what is no header.
// The addresses are those of the documentation ranges.
#include "server/proxy_protocol.hpp"

#include <gtest/gtest.h>

namespace webserv::server {
namespace {

using namespace std::string_literals;
using Progress = ProxyHeaderStep::Progress;

const std::string signature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string length_of(const std::string& body) { return {static_cast<char>(body.size() >> 8), static_cast<char>(body.size() & 0xff)}; }

std::string binary(char command, char family, const std::string& body) { return signature + command + family + length_of(body) + body; }

std::string extension(char type, const std::string& value) { return type + length_of(value) + value; }

const std::string ipv4 = "\xc0\x00\x02\x01\xc0\x00\x02\x02\x04\xd2\x00\x50"s;  // 192.0.2.1:1234 to 192.0.2.2:80
const std::string ipv6 = "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\x04\xd2\x00\x50"s;

/// Fed octet by octet, and with a request behind it: the outcome must be the same.
ProxyHeaderStep parse(const std::string& text) {
    const auto whole = parse_proxy_header(text);
    ProxyHeaderStep step;
    for (std::size_t count = 0; count <= text.size() && step.progress == Progress::incomplete; ++count) {
        step = parse_proxy_header(std::string_view{text}.substr(0, count));
    }
    EXPECT_EQ(step.progress, whole.progress) << text;
    EXPECT_EQ(step.bytes, whole.bytes) << text;
    const auto followed = parse_proxy_header(text + "GET / HTTP/1.1\r\n");
    if (whole.progress == Progress::complete) {
        EXPECT_EQ(followed.bytes, whole.bytes);
        EXPECT_EQ(followed.header.has_value(), whole.header.has_value());
    }
    return whole;
}

TEST(ProxyProtocol, SaysWhoTheClientIs) {
    struct Case {
        std::string text;
        std::string_view source;
        std::string_view destination;
    };
    const Case cases[] = {
        {"PROXY TCP4 192.0.2.1 192.0.2.2 1234 80\r\n", "192.0.2.1", "192.0.2.2"},
        {"PROXY TCP6 2001:db8::1 2001:db8::2 1234 80\r\n", "2001:db8::1", "2001:db8::2"},
        {binary('\x21', '\x11', ipv4), "192.0.2.1", "192.0.2.2"},
        {binary('\x21', '\x21', ipv6), "2001:db8::1", "2001:db8::2"},
        {binary('\x21', '\x11', ipv4 + extension('\x04', "padding")), "192.0.2.1", "192.0.2.2"},
    };
    for (const Case& c : cases) {
        const auto step = parse(c.text);
        ASSERT_EQ(step.progress, Progress::complete) << c.text;
        EXPECT_EQ(step.bytes, c.text.size());
        ASSERT_TRUE(step.header) << c.text;
        EXPECT_EQ(step.header->source, c.source);
        EXPECT_EQ(step.header->destination, c.destination);
        EXPECT_EQ(step.header->source_port, 1234);
        EXPECT_EQ(step.header->destination_port, 80);
    }
}

TEST(ProxyProtocol, MaySpeakOfItself) {
    const std::string texts[] = {
        "PROXY UNKNOWN\r\n",
        "PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n",
        binary('\x20', '\x00', ""),                     // LOCAL
        binary('\x20', '\x11', ipv4),                   // LOCAL: the addresses mean nothing
        binary('\x21', '\x00', ""),                     // unspecified family
        binary('\x21', '\x12', ipv4),                   // a datagram
        binary('\x21', '\x31', std::string(216, 'x')),  // local sockets
    };
    for (const std::string& text : texts) {
        const auto step = parse(text);
        EXPECT_EQ(step.progress, Progress::complete) << text;
        EXPECT_EQ(step.bytes, text.size());
        EXPECT_FALSE(step.header) << text;
    }
}

TEST(ProxyProtocol, RefusesWhatIsNoHeader) {
    const std::string texts[] = {
        "GET / HTTP/1.1\r\n",
        "\x16\x03\x01",
        "PROXX",
        "PROXY TCP5 192.0.2.1 192.0.2.2 1234 80\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1234 80\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1234 65536\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1234\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1234 80 \r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 -1 80\r\n",
        "PROXY TCP4 192.0.2.300 192.0.2.2 1234 80\r\n",
        "PROXY TCP4 2001:db8::1 2001:db8::2 1234 80\r\n",
        "PROXY TCP6 192.0.2.1 192.0.2.2 1234 80\r\n",
        "PROXY TCP6 [2001:db8::1] 2001:db8::2 1234 80\r\n",
        "PROXY  TCP4 192.0.2.1 192.0.2.2 1234 80\r\n",
        "PROXY UNKNOWN" + std::string(200, ' ') + "\r\n",
        "PROXY " + std::string(200, 'x'),
        "PROXY \r\n",
        "\r\n\r\nx",
        binary('\x11', '\x11', ipv4),                // version 1
        binary('\x21', '\x11', ipv4.substr(0, 11)),  // too short
        binary('\x21', '\x21', ipv4),
        binary('\x21', '\x11', ipv4 + std::string(proxy_header_bytes_max, 'x')),
    };
    for (const std::string& text : texts) {
        const auto step = parse(text);
        EXPECT_EQ(step.progress, Progress::failed) << text;
        EXPECT_NE(step.complaint, "") << text;
    }
    EXPECT_EQ(parse("GET / HTTP/1.1\r\n").complaint, "broken header: \"GET / HTTP/1.1\"");
}

TEST(ProxyProtocol, WaitsForTheRest) {
    for (const std::string& text :
         {""s, "P"s, "PROXY"s, "PROXY TCP4 192.0.2.1"s, signature.substr(0, 5), signature, binary('\x21', '\x11', ipv4).substr(0, 20)}) {
        EXPECT_EQ(parse_proxy_header(text).progress, Progress::incomplete) << text;
    }
}

TEST(ProxyProtocol, HasExtensions) {
    const std::string verify_failed = "\x07\x00\x00\x00\x2a"s;
    const std::string tls = verify_failed + extension('\x21', "TLSv1.3") + extension('\x22', "name");
    const std::string body = ipv4 + extension('\x01', "h2") + extension('\x02', "example.org") + extension('\x20', tls) +
                             extension('\xea', "aws") + extension('\x05', "");
    const auto step = parse(binary('\x21', '\x11', body));
    ASSERT_TRUE(step.header);
    const ProxyHeader& header = *step.header;
    EXPECT_EQ(header.extension("alpn"), "h2");
    EXPECT_EQ(header.extension("authority"), "example.org");
    EXPECT_EQ(header.extension("ssl"), tls);
    EXPECT_EQ(header.extension("ssl_version"), "TLSv1.3");
    EXPECT_EQ(header.extension("ssl_cn"), "name");
    EXPECT_EQ(header.extension("ssl_verify"), "42");
    EXPECT_EQ(header.extension("0xea"), "aws");
    EXPECT_EQ(header.extension("0xEA"), "aws");
    EXPECT_EQ(header.extension("unique_id"), "");
    for (const std::string_view absent : {"netns", "ssl_cipher", "0x30", "0xfff", "0x", "nonsense", "ssl_nonsense", ""}) {
        EXPECT_FALSE(header.extension(absent)) << absent;
    }
}

TEST(ProxyProtocol, StopsAtABrokenExtension) {
    ProxyHeader header{.source = "192.0.2.1", .destination = "192.0.2.2", .extensions = extension('\x02', "x") + "\x01\xff\xff..."};
    EXPECT_EQ(header.extension("authority"), "x");
    EXPECT_FALSE(header.extension("alpn"));
    header.extensions = extension('\x20', "abc");  // shorter than its own head
    EXPECT_FALSE(header.extension("ssl_verify"));
    EXPECT_EQ(header.extension("ssl"), "abc");
}

}  // namespace
}  // namespace webserv::server
