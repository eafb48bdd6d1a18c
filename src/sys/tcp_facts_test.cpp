// sys/tcp_facts_test.cpp: a SYN as it came over the wire, every way to cut it short, and the facts of real connections.
// The packets are those of a Linux client on the loopback interface.
#include "sys/tcp_facts.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "sys/socket.hpp"

namespace webserv::sys {
namespace {

// 127.0.0.1:35368 to port 18099, sequence number 0x17da2444, window 65495: MSS 65495, SACK, timestamps, padding, scale 10.
const std::string tcp{
    "\x8a\x28\x46\xb3\x17\xda\x24\x44\x00\x00\x00\x00\xa0\x02\xff\xd7\xfe\x30\x00\x00"
    "\x02\x04\xff\xd7\x04\x02\x08\x0a\x00\x00\x00\x01\x00\x00\x00\x00\x01\x03\x03\x0a",
    40};
const std::string ipv4{"\x45\x00\x00\x3c\x93\x56\x40\x00\x40\x06\xa9\x63\x7f\x00\x00\x01\x7f\x00\x00\x01", 20};
const std::string ipv6 = std::string{"\x60\x00\x00\x00\x00\x28\x06\x40", 8} + std::string(32, '\1');

Syn expected() {
    Syn syn;
    syn.sequence = 0x17da2444;
    syn.window = 65495;
    syn.segment_bytes_max = 65495;
    syn.window_scale = 10;
    syn.selective_acknowledgment = true;
    return syn;
}

TEST(Syn, IsParsedFromBothFamilies) {
    EXPECT_EQ(parse_syn(ipv4 + tcp), expected());
    EXPECT_EQ(parse_syn(ipv6 + tcp), expected());
    std::string with_options = ipv4;
    with_options[0] = '\x46';  // 24 octets of IPv4 header
    EXPECT_EQ(parse_syn(with_options + std::string(4, '\0') + tcp), expected());
}

TEST(Syn, CutShortIsNone) {
    for (const std::string& packet : {ipv4 + tcp, ipv6 + tcp}) {
        for (std::size_t length = 0; length < packet.size(); ++length) EXPECT_FALSE(parse_syn(packet.substr(0, length))) << length;
    }
}

TEST(Syn, OtherPacketsAreNone) {
    struct Case {
        const char* what;
        std::size_t at;
        char octet;
    };
    const Case cases[] = {
        {"version 5", 0, '\x55'},    {"an IP header of 16 octets", 0, '\x44'},  {"UDP", 9, '\x11'},
        {"no SYN flag", 33, '\x10'}, {"a TCP header of 16 octets", 32, '\x40'}, {"a TCP header beyond the packet", 32, '\xf0'},
    };
    for (const Case& c : cases) {
        std::string packet = ipv4 + tcp;
        packet[c.at] = c.octet;
        EXPECT_FALSE(parse_syn(packet)) << c.what;
    }
}

TEST(Syn, BrokenOptionsEndTheReadingOfOptions) {
    struct Case {
        const char* what;
        std::size_t at;
        char octet;
        bool has_segment_size, has_scale;
    };
    const Case cases[] = {
        {"length 0", 41, '\0', false, false},
        {"length 1", 41, '\1', false, false},
        {"beyond the header", 41, '\x29', false, false},
        {"end at once", 40, '\0', false, false},
        {"an unknown kind", 40, '\x7f', false, true},
        {"a wrong length", 58, '\2', true, false},
    };
    for (const Case& c : cases) {
        std::string packet = ipv4 + tcp;
        packet[c.at] = c.octet;
        const auto syn = parse_syn(packet);
        ASSERT_TRUE(syn) << c.what;
        EXPECT_EQ(syn->segment_bytes_max.has_value(), c.has_segment_size) << c.what;
        EXPECT_EQ(syn->window_scale.has_value(), c.has_scale) << c.what;
        EXPECT_EQ(syn->sequence, 0x17da2444U) << c.what;
    }
}

TEST(TcpFacts, OfAQueueAndOfAConnection) {
    for (const char* const literal : {"127.0.0.1", "::1"}) {
        const auto listener = listen_on(*Address::parse_ip(literal, 0), {.backlog = 5});
        if (!listener) GTEST_SKIP() << "no " << literal;
        ASSERT_TRUE(set_option(*listener, IPPROTO_TCP, TCP_SAVE_SYN, 1));
        EXPECT_EQ(tcp_facts(listener->get())->queued, 0U);
        EXPECT_EQ(tcp_facts(listener->get())->queue_max, 5U);
        std::vector<Fd> clients;
        for (int i = 0; i < 3; ++i) {
            clients.push_back(std::move(*open_socket(local_address(*listener)->family(), SocketType::stream)));
            (void)connect_to(clients.back(), *local_address(*listener));
            pollfd connected{.fd = clients.back().get(), .events = POLLOUT, .revents = 0};
            ASSERT_EQ(::poll(&connected, 1, 5000), 1);
        }
        EXPECT_EQ(tcp_facts(listener->get())->queued, 3U);
        const auto peer = accept_from(*listener);
        ASSERT_TRUE(peer);
        EXPECT_EQ(tcp_facts(listener->get())->queued, 2U);
        EXPECT_EQ(tcp_facts(peer->socket.get())->queue_max, 0U);
        EXPECT_GT(tcp_facts(peer->socket.get())->round_trip.count(), 0);
        EXPECT_GT(tcp_facts(peer->socket.get())->congestion_window, 0U);
        EXPECT_EQ(tcp_facts(peer->socket.get())->retransmitted, 0U);
        const auto syn = take_saved_syn(peer->socket.get());
        ASSERT_TRUE(syn);
        EXPECT_TRUE(syn->segment_bytes_max.has_value());
        EXPECT_FALSE(take_saved_syn(peer->socket.get())) << "the kernel gives it once";
    }
}

TEST(TcpFacts, OfOtherSocketsThereAreNone) {
    const auto local = open_socket(AF_UNIX, SocketType::stream);
    ASSERT_TRUE(local);
    EXPECT_FALSE(tcp_facts(local->get()));
    EXPECT_FALSE(take_saved_syn(local->get()));
    EXPECT_FALSE(tcp_facts(-1));
}

}  // namespace
}  // namespace webserv::sys
