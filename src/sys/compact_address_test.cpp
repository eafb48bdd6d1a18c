// sys/compact_address_test.cpp: nothing of an address is lost but the name of a local socket.
// Whatever is compared, printed or matched afterwards is the expanded address.
#include "sys/compact_address.hpp"

#include <gtest/gtest.h>

namespace webserv::sys {
namespace {

TEST(CompactAddress, KeepsAddressAndPort) {
    for (const char* const literal : {"192.0.2.1", "0.0.0.0", "2001:db8::1", "::"}) {
        const Address address = *Address::parse_ip(literal, 8080);
        const Address expanded = CompactAddress{address}.expand();
        EXPECT_EQ(expanded, address);
        EXPECT_EQ(expanded.text(), address.text());
        EXPECT_EQ(expanded.size(), address.size());
        EXPECT_FALSE(CompactAddress{address}.is_local());
    }
}

TEST(CompactAddress, KeepsTheScopeOfALinkLocalAddress) {
    sockaddr_in6 raw{};
    raw.sin6_family = AF_INET6;
    raw.sin6_addr = {{{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}};
    raw.sin6_scope_id = 7;
    const Address address = Address::from(reinterpret_cast<const sockaddr*>(&raw), sizeof raw);
    EXPECT_EQ(CompactAddress{address}.expand(), address);
}

TEST(CompactAddress, KnowsALocalPeerWithoutItsName) {
    const std::string path(100, 'x');
    const CompactAddress named{*Address::local(path)};
    EXPECT_TRUE(named.is_local());
    EXPECT_EQ(named.expand().text(), "unix:");
    EXPECT_EQ(named.expand().host(), "unix:");
    EXPECT_EQ(named.expand().port(), 0);
    EXPECT_EQ(CompactAddress{Address{}}.expand().family(), AF_UNSPEC);
}

}  // namespace
}  // namespace webserv::sys
