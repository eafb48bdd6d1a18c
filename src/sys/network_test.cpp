// sys/network_test.cpp: prefixes that end within an octet, families that must not meet, and what is no network.
// The addresses are those of the documentation ranges.
#include "sys/network.hpp"

#include <gtest/gtest.h>

namespace webserv::sys {
namespace {

Address ip(std::string_view literal) { return *Address::parse_ip(literal, 1234); }

TEST(Network, ContainsWhatBeginsWithItsBits) {
    struct Case {
        std::string_view network;
        std::string_view address;
        bool inside;
    };
    const Case cases[] = {
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.0/24", "192.0.2.255", true},
        {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.128/25", "192.0.2.129", true},
        {"192.0.2.4/31", "192.0.2.5", true},
        {"192.0.2.4/31", "192.0.2.6", false},
        {"0.0.0.0/0", "255.1.2.3", true},
        {"0.0.0.0/0", "::1", false},
        {"::/0", "::1", true},
        {"::/0", "192.0.2.1", false},
        {"2001:db8::/32", "2001:db8:ffff::1", true},
        {"2001:db8::/32", "2001:db9::1", false},
        {"2001:db8::/33", "2001:db8:8000::", false},
        {"::1", "::1", true},
        {"::1", "::2", false},
        {"192.0.2.0/24", "::ffff:192.0.2.9", true},  // an IPv4 client on an IPv6 socket
        {"192.0.2.0/24", "::ffff:192.0.3.9", false},
        {"::ffff:0:0/96", "::ffff:192.0.2.9", true},
    };
    for (const Case& c : cases) {
        const auto network = Network::parse(c.network);
        ASSERT_TRUE(network) << c.network;
        EXPECT_EQ(network->contains(ip(c.address)), c.inside) << c.network << " " << c.address;
    }
}

TEST(Network, KnowsStrayBits) {
    EXPECT_TRUE(Network::parse("192.0.2.7/24")->has_stray_bits());
    EXPECT_TRUE(Network::parse("192.0.2.7/24")->contains(ip("192.0.2.200")));
    EXPECT_FALSE(Network::parse("192.0.2.0/24")->has_stray_bits());
    EXPECT_FALSE(Network::parse("192.0.2.7")->has_stray_bits());
    EXPECT_TRUE(Network::parse("2001:db8::1/64")->has_stray_bits());
}

TEST(Network, RefusesWhatIsNone) {
    for (const std::string_view text : {"", "/8", "192.0.2", "192.0.2.1/", "192.0.2.1/33", "192.0.2.1/-1", "192.0.2.1/8/8", "::/129",
                                        "[::1]", "localhost", "192.0.2.1 ", "192.0.2.1/255.0.0.0"}) {
        EXPECT_FALSE(Network::parse(text)) << text;
    }
}

TEST(Network, LocalSocketsAreTheirOwnFamily) {
    const Address path = *Address::local("/run/x");
    EXPECT_TRUE(Network::local().contains(path));
    EXPECT_FALSE(Network::local().contains(ip("192.0.2.1")));
    EXPECT_FALSE(Network::parse("0.0.0.0/0")->contains(path));
    EXPECT_TRUE(Network::everybody().contains(path));
    EXPECT_TRUE(Network::everybody().contains(ip("::1")));
    EXPECT_TRUE(Network::of(path).contains(*Address::local("/run/y")));
    EXPECT_TRUE(Network::of(ip("192.0.2.1")).contains(ip("192.0.2.1")));
    EXPECT_FALSE(Network::of(ip("192.0.2.1")).contains(ip("192.0.2.0")));
}

TEST(Network, TakesTheMappingOff) {
    EXPECT_EQ(without_mapping(ip("::ffff:192.0.2.9")), ip("192.0.2.9"));
    EXPECT_EQ(without_mapping(ip("::ffff:192.0.2.9")).port(), 1234);
    EXPECT_EQ(without_mapping(ip("2001:db8::1")), ip("2001:db8::1"));
}

}  // namespace
}  // namespace webserv::sys
