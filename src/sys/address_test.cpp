// sys/address_test.cpp: addresses in and out of text, and what is not one.
// Local names at the limit of sun_path included.
#include "sys/address.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

namespace webserv::sys {
namespace {

using namespace std::string_literals;

TEST(Address, ParsesLiterals) {
    struct Case {
        std::string literal, host, text;
        int family;
    };
    const Case cases[] = {
        {"127.0.0.1", "127.0.0.1", "127.0.0.1:80", AF_INET},
        {"0.0.0.0", "0.0.0.0", "0.0.0.0:80", AF_INET},
        {"::1", "::1", "[::1]:80", AF_INET6},
        {"[::1]", "::1", "[::1]:80", AF_INET6},
        {"::", "::", "[::]:80", AF_INET6},
        {"[2001:DB8:0:0::7]", "2001:db8::7", "[2001:db8::7]:80", AF_INET6},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1", "[::ffff:192.0.2.1]:80", AF_INET6},
    };
    for (const auto& c : cases) {
        const auto address = Address::parse_ip(c.literal, 80);
        ASSERT_TRUE(address) << c.literal;
        EXPECT_EQ(address->family(), c.family) << c.literal;
        EXPECT_EQ(address->host(), c.host);
        EXPECT_EQ(address->text(), c.text);
        EXPECT_EQ(address->port(), 80);
        EXPECT_FALSE(address->is_local());
    }
}

TEST(Address, RefusesWhatIsNoLiteral) {
    const std::string literals[] = {
        "",   "localhost", "127.1",   "1.2.3.4.5",  "256.0.0.1", "[127.0.0.1]",   "[::1",     "::1]",
        "[]", ":::",       "1::2::3", "127.0.0.1 ", "::1%lo",    "127.0.0.1\0x"s, "[::1\0]"s, std::string(200, '1')};
    for (const auto& literal : literals) EXPECT_FALSE(Address::parse_ip(literal, 80)) << literal;
}

TEST(Address, KnowsWildcards) {
    EXPECT_TRUE(Address::ipv4_any(1).is_wildcard());
    EXPECT_TRUE(Address::ipv6_any(1).is_wildcard());
    EXPECT_EQ(Address::ipv4_any(80), *Address::parse_ip("0.0.0.0", 80));
    EXPECT_EQ(Address::ipv6_any(80), *Address::parse_ip("::", 80));
    EXPECT_FALSE(Address::parse_ip("127.0.0.1", 1)->is_wildcard());
    EXPECT_FALSE(Address::parse_ip("::1", 1)->is_wildcard());
    EXPECT_FALSE(Address::local("/x")->is_wildcard());
    EXPECT_FALSE(Address{}.is_wildcard());
}

TEST(Address, ComparesWhatMatters) {
    const auto address = *Address::parse_ip("127.0.0.1", 80);
    EXPECT_EQ(address, *Address::parse_ip("127.0.0.1", 80));
    EXPECT_NE(address, *Address::parse_ip("127.0.0.1", 81));
    EXPECT_NE(address, *Address::parse_ip("127.0.0.2", 80));
    EXPECT_NE(Address::ipv4_any(80), Address::ipv6_any(80));
    EXPECT_NE(*Address::local("/a"), *Address::local("/b"));
    EXPECT_NE(*Address::local("/a"), *Address::local("@a"));
    EXPECT_NE(*Address::local("@a"), *Address::local("@ab"));
    EXPECT_EQ(*Address::local("@a"), *Address::local("@a"));

    auto moved = address;
    moved.set_port(8080);
    EXPECT_EQ(moved.text(), "127.0.0.1:8080");
    EXPECT_NE(moved, address);
}

TEST(Address, NamesLocalSockets) {
    const auto path = Address::local("/run/x.sock");
    ASSERT_TRUE(path);
    EXPECT_TRUE(path->is_local());
    EXPECT_EQ(path->text(), "unix:/run/x.sock");
    EXPECT_EQ(path->host(), "unix:");
    EXPECT_EQ(path->port(), 0);

    const auto abstract = Address::local("@name");
    ASSERT_TRUE(abstract);
    EXPECT_EQ(abstract->text(), "unix:@name");
    EXPECT_EQ(abstract->size(), offsetof(sockaddr_un, sun_path) + 5) << "an abstract name has no terminator";

    constexpr std::size_t room = sizeof(sockaddr_un::sun_path);
    EXPECT_TRUE(Address::local(std::string(room - 1, 'p')));
    EXPECT_FALSE(Address::local(std::string(room, 'p')));
    const auto longest = Address::local("@" + std::string(room - 1, 'n'));
    ASSERT_TRUE(longest);
    EXPECT_EQ(longest->local_name().size(), room);
    EXPECT_FALSE(Address::local("@" + std::string(room, 'n')));
    EXPECT_FALSE(Address::local(""));
    EXPECT_FALSE(Address::local("@"));
    EXPECT_FALSE(Address::local("/a\0b"s));
}

TEST(Address, TakesWhatTheKernelSays) {
    const auto original = *Address::parse_ip("::1", 443);
    EXPECT_EQ(Address::from(original.data(), original.size()), original);

    sockaddr_un unnamed{};
    unnamed.sun_family = AF_UNIX;
    const auto peer = Address::from(reinterpret_cast<const sockaddr*>(&unnamed), sizeof(sa_family_t));
    EXPECT_EQ(peer.text(), "unix:");
    EXPECT_EQ(peer.local_name(), "");
    EXPECT_EQ(Address{}.text(), "");
    EXPECT_EQ(Address{}.family(), AF_UNSPEC);
}

}  // namespace
}  // namespace webserv::sys
