// tls/client_hello_test.cpp: hellos as clients send them: whole, in pieces, with and without a name, and what is none.
// The octets are built here, so that each field can be wrong by itself.
#include "tls/client_hello.hpp"

#include <gtest/gtest.h>

#include <string>

namespace webserv::tls {
namespace {

using Progress = ClientHello::Progress;

std::string number(std::size_t value, unsigned bytes) {
    std::string text;
    for (unsigned shift = bytes * 8; shift > 0;) text += static_cast<char>(value >> (shift -= 8) & 0xFFU);
    return text;
}

std::string vector(const std::string& content, unsigned length_bytes) { return number(content.size(), length_bytes) + content; }

std::string server_name_extension(const std::string& name, char type = 0) {
    return number(0, 2) + vector(vector(type + vector(name, 2), 2), 2);
}

std::string message(const std::string& extensions) {
    const std::string body = "\x03\x03" + std::string(32, 'r') + vector("session", 1) + vector("\x13\x01", 2) +
                             vector(std::string(1, '\0'), 1) + vector(extensions, 2);
    return '\x01' + vector(body, 3);
}

std::string in_records(const std::string& content, std::size_t record_bytes) {
    std::string octets;
    for (std::size_t at = 0; at < content.size(); at += record_bytes)
        octets += "\x16\x03\x01" + vector(content.substr(at, record_bytes), 2);
    return octets;
}

const std::string unknown_extension = number(0x2A2A, 2) + vector("grease", 2);

TEST(ClientHello, TellsTheServersName) {
    const struct {
        const char* what;
        std::string extensions;
        std::string name;
    } cases[] = {
        {"one name", server_name_extension("example.com"), "example.com"},
        {"behind another extension", unknown_extension + server_name_extension("a.example"), "a.example"},
        {"upper case", server_name_extension("WWW.Example.COM"), "www.example.com"},
        {"a final dot", server_name_extension("example.com."), "example.com"},
        {"no extension", "", ""},
        {"another one", unknown_extension, ""},
        {"an empty name", server_name_extension(""), ""},
        {"no host's name", server_name_extension("example.com", 1), ""},
        {"octets that no name has", server_name_extension("a/b"), ""},
        {"a zero", server_name_extension(std::string("a\0b", 3)), ""},
        {"too long", server_name_extension(std::string(256, 'a')), ""},
        {"a length that is none", number(0, 2) + number(9, 2) + "\x01", ""},
    };
    for (const auto& c : cases) {
        const ClientHello hello = parse_client_hello(in_records(message(c.extensions), 4'000));
        EXPECT_EQ(hello.progress, Progress::complete) << c.what;
        EXPECT_EQ(hello.server_name, c.name) << c.what;
    }
}

TEST(ClientHello, IsTheSameInPiecesOfAnySize) {
    const std::string content = message(unknown_extension + server_name_extension("example.com"));
    for (const std::size_t record_bytes : {1U, 3U, 7U, 50U, 4'000U}) {
        const std::string octets = in_records(content, record_bytes);
        for (std::size_t count = 0; count < octets.size(); ++count) {
            EXPECT_EQ(parse_client_hello(std::string_view{octets}.substr(0, count)).progress, Progress::incomplete) << count;
        }
        EXPECT_EQ(parse_client_hello(octets).server_name, "example.com");
        EXPECT_EQ(parse_client_hello(octets + "\x14\x03\x03").server_name, "example.com") << "what follows is not ours to look at";
    }
}

TEST(ClientHello, KnowsWhatIsNoTls) {
    EXPECT_EQ(parse_client_hello("GET / HTTP/1.1\r\n").progress, Progress::not_tls);
    EXPECT_EQ(parse_client_hello("\r\n").progress, Progress::not_tls);
    EXPECT_EQ(parse_client_hello(std::string(1, '\0')).progress, Progress::not_tls);
    EXPECT_EQ(parse_client_hello("").progress, Progress::incomplete);
}

std::string empty_records(std::size_t count) {
    std::string octets;
    while (count-- > 0) octets += "\x16\x03\x01" + number(0, 2);
    return octets;
}

// RFC 8446 section 5.1 forbids them; OpenSSL passes over a number of them, so the server must not be another one for that.
TEST(ClientHello, ComesBehindEmptyRecords) {
    const std::string content = message(server_name_extension("example.com"));
    for (const std::size_t count : {1U, 5U, 31U}) {
        const std::string octets = empty_records(count) + in_records(content, 4'000);
        EXPECT_EQ(parse_client_hello(octets).server_name, "example.com") << count;
        EXPECT_EQ(parse_client_hello(empty_records(count)).progress, Progress::incomplete) << count;
    }
    const std::string between = in_records(content.substr(0, 20), 20) + empty_records(3) + in_records(content.substr(20), 4'000);
    EXPECT_EQ(parse_client_hello(between).server_name, "example.com");
}

// Nobody waits for more of what can not become a hello: the handshake answers it with an alert.
TEST(ClientHello, LeavesNonsenseToTheHandshake) {
    const std::string cases[] = {
        "\x80\x2e\x01\x03\x01",                                                // SSL 2
        "\x16\x03\x01" + vector("\x02 no hello", 2),                           // another message
        empty_records(33),                                                     // more of nothing than OpenSSL takes
        "\x16\x03\x01" + number(0xFFFF, 2),                                    // a record longer than any
        in_records('\x01' + number(0xFFFFFF, 3), 100),                         // a message longer than any
        "\x16\x03\x01" + vector("\x01", 2) + "\x17\x03\x03" + vector("x", 2),  // another kind of record within it
    };
    for (const std::string& octets : cases) {
        const ClientHello hello = parse_client_hello(octets);
        EXPECT_EQ(hello.progress, Progress::complete);
        EXPECT_EQ(hello.server_name, "");
    }
}

}  // namespace
}  // namespace webserv::tls
