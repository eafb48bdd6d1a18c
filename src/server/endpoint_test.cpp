// server/endpoint_test.cpp: hosts with ports and without, with brackets and with brackets that do not close.
// A name is asked about once, a literal never.
#include "server/endpoint.hpp"

#include <gtest/gtest.h>

#include "config/memory_loader.hpp"

namespace webserv::server {
namespace {

TEST(Endpoint, TheLastColonCountsAndOneBehindTheBrackets) {
    const struct {
        std::string_view text, host;
        std::optional<std::string_view> port;
    } cases[] = {
        {"box", "box", {}},   {"box:53", "box", "53"}, {"box:", "box", ""},         {":53", "", "53"},
        {"", "", {}},         {"[::1]", "[::1]", {}},  {"[::1]:53", "[::1]", "53"}, {"[::1]x", "[::1]x", {}},
        {"[::1", "[::1", {}}, {"[::1]:", "[::1]", ""}, {"a:b:53", "a:b", "53"},
    };
    for (const auto& [text, host, port] : cases) {
        const HostAndPort parts = split_endpoint(text);
        EXPECT_EQ(parts.host, host) << text;
        EXPECT_EQ(parts.port, port) << text;
    }
}

TEST(Endpoint, APortIsFrom1To65535) {
    EXPECT_EQ(parse_port("1"), 1);
    EXPECT_EQ(parse_port("65535"), 65535);
    for (const std::string_view wrong : {"", "0", "65536", "-1", "x", "80x", "99999999999999999999"})
        EXPECT_FALSE(parse_port(wrong)) << wrong;
}

TEST(Endpoint, LiteralsAreNotAskedAbout) {
    config::MemoryLoader loader;
    EXPECT_EQ(addresses_of("192.0.2.7", 53, loader), std::vector{*sys::Address::parse_ip("192.0.2.7", 53)});
    EXPECT_EQ(addresses_of("[::1]", 53, loader), std::vector{*sys::Address::parse_ip("[::1]", 53)});
    EXPECT_TRUE(addresses_of("[box.example]", 53, loader).empty());
    EXPECT_EQ(loader.questions, 0);
    const std::vector both{*sys::Address::parse_ip("192.0.2.1", 53), *sys::Address::parse_ip("2001:db8::1", 53)};
    EXPECT_EQ(addresses_of("box.example", 53, loader), both);
    EXPECT_TRUE(addresses_of("nobody.example", 53, loader).empty());
}

}  // namespace
}  // namespace webserv::server
