// sys/connect_error_test.cpp: the words for what a connect(2) of this machine really answers, and for what it rarely does.
// The first are asked of the kernel, so that they are about the right numbers.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>

#include "sys/socket.hpp"

namespace webserv::sys {
namespace {

std::string connect_and_explain(const Address& address) {
    const auto socket = open_socket(address.family(), SocketType::stream);
    const auto connected = connect_to(*socket, address);
    return connected ? "connected" : explain_connect_error(connected.error(), address);
}

TEST(ConnectError, ExplainsLocalSockets) {
    char folder[] = "/tmp/webserv-connect-XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    const std::string path = std::string{folder} + "/socket";
    EXPECT_EQ(connect_and_explain(*Address::local(path)), "there is no socket " + path);
    EXPECT_EQ(connect_and_explain(*Address::local("@webserv-nobody")), "nobody listens on @webserv-nobody");
    std::ofstream{path} << "a file";
    EXPECT_EQ(connect_and_explain(*Address::local(path)), "nobody listens on " + path + ": its server is gone, or it is no socket");
    ::unlink(path.c_str());
    ::rmdir(folder);
}

TEST(ConnectError, ExplainsAddresses) {
    const Address ipv4 = *Address::parse_ip("192.0.2.1", 81);
    const Address ipv6 = *Address::parse_ip("::1", 82);
    const auto explain = [](std::errc code, const Address& address) {
        return explain_connect_error(Error{.code = code, .blame = Blame::upstream, .doing = "connect"}, address);
    };
    EXPECT_EQ(explain(std::errc::connection_refused, ipv4), "nobody listens on 192.0.2.1:81");
    EXPECT_EQ(explain(std::errc::connection_refused, ipv6), "nobody listens on [::1]:82");
    EXPECT_TRUE(explain(std::errc::timed_out, ipv4).starts_with("192.0.2.1:81 does not answer: "));
    EXPECT_EQ(explain(std::errc::network_unreachable, ipv4), "this machine has no way to the network of 192.0.2.1:81");
    EXPECT_EQ(explain(std::errc::host_unreachable, ipv4), "there is no way to the machine of 192.0.2.1:81");
    EXPECT_EQ(explain(std::errc::address_family_not_supported, ipv6), "this machine has no IPv6");
    EXPECT_EQ(explain(std::errc::too_many_files_open, ipv4), "192.0.2.1:81: connect: Too many open files");
}

}  // namespace
}  // namespace webserv::sys
