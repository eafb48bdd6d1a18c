// sys/socket_test.cpp: the life of real sockets on the loopback interface, with ports the kernel chooses.
// What another user would see is asked in a child that has become that user.
#include "sys/socket.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "sys/process.hpp"

namespace webserv::sys {
namespace {

using testing::HasSubstr;

Address ip(const char* literal, std::uint16_t port = 0) { return *Address::parse_ip(literal, port); }

int option(const Fd& socket, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    ::getsockopt(socket.get(), level, name, &value, &size);
    return value;
}

bool becomes(const Fd& socket, short events) {
    pollfd wait{socket.get(), events, 0};
    return ::poll(&wait, 1, 5000) == 1;
}

/// A folder for local sockets; the working directory of nobody.
class SocketTest : public testing::Test {
protected:
    void SetUp() override { std::filesystem::create_directory(folder_); }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }
    [[nodiscard]] Address local(const std::string& name) const { return *Address::local(path(name)); }

    std::filesystem::path folder_ = std::filesystem::temp_directory_path() / ("webserv_socket_test." + std::to_string(::getpid()));
};

/// socket, bind, listen, connect, accept, write, read, shutdown, close: the whole of it.
void live(const Address& wanted) {
    const auto listener = listen_on(wanted, {});
    ASSERT_TRUE(listener) << wanted.text() << " " << describe(listener.error());
    const auto bound = local_address(*listener);
    ASSERT_TRUE(bound);
    EXPECT_EQ(bound->family(), wanted.family());
    EXPECT_EQ(bound->port() == 0, wanted.is_local());
    EXPECT_NE(::fcntl(listener->get(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(listener->get(), F_GETFD) & FD_CLOEXEC, 0);

    const auto early = accept_from(*listener);
    ASSERT_FALSE(early);
    EXPECT_EQ(early.error().code, std::errc::operation_would_block);

    const auto client = open_socket(bound->family(), SocketType::stream);
    ASSERT_TRUE(client);
    const auto connecting = connect_to(*client, *bound);
    ASSERT_TRUE(connecting || connecting.error().code == std::errc::operation_in_progress);
    ASSERT_TRUE(becomes(*client, POLLOUT));
    EXPECT_TRUE(pending_error(*client));

    ASSERT_TRUE(becomes(*listener, POLLIN));
    const auto accepted = accept_from(*listener);
    ASSERT_TRUE(accepted);
    EXPECT_EQ(accepted->peer, local_address(*client)) << accepted->peer.text();
    EXPECT_NE(::fcntl(accepted->socket.get(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(accepted->socket.get(), F_GETFD) & FD_CLOEXEC, 0);

    ASSERT_EQ(::write(client->get(), "hello", 5), 5);
    EXPECT_TRUE(finish_writing(*client));
    char buffer[16];
    ASSERT_TRUE(becomes(accepted->socket, POLLIN));
    ASSERT_EQ(::read(accepted->socket.get(), buffer, sizeof buffer), 5);
    ASSERT_TRUE(becomes(accepted->socket, POLLIN));
    EXPECT_EQ(::read(accepted->socket.get(), buffer, sizeof buffer), 0) << "FIN";
}

TEST_F(SocketTest, LivesOnIpv4) { live(ip("127.0.0.1")); }
TEST_F(SocketTest, LivesOnIpv6) { live(ip("::1")); }
TEST_F(SocketTest, LivesOnAPath) { live(local("socket")); }
TEST_F(SocketTest, LivesOnAnAbstractName) { live(*Address::local("@webserv_socket_test." + std::to_string(::getpid()))); }

TEST_F(SocketTest, SetsListenOptions) {
    const auto plain = listen_on(Address::ipv6_any(0), {});
    ASSERT_TRUE(plain);
    EXPECT_EQ(option(*plain, SOL_SOCKET, SO_REUSEADDR), 1);
    EXPECT_EQ(option(*plain, SOL_SOCKET, SO_REUSEPORT), 0);
    EXPECT_EQ(option(*plain, IPPROTO_IPV6, IPV6_V6ONLY), 1);

    ListenOptions options;
    options.reuse_port = true;
    options.ipv6_only = false;
    const auto shared = listen_on(Address::ipv6_any(0), options);
    ASSERT_TRUE(shared);
    EXPECT_EQ(option(*shared, SOL_SOCKET, SO_REUSEPORT), 1);
    EXPECT_EQ(option(*shared, IPPROTO_IPV6, IPV6_V6ONLY), 0);
    EXPECT_TRUE(listen_on(*local_address(*shared), options)) << "a second one shares the port";
}

TEST_F(SocketTest, RefusedConnectionIsThePendingError) {
    std::uint16_t port = 0;
    {
        const auto listener = listen_on(ip("127.0.0.1"), {});
        ASSERT_TRUE(listener);
        port = local_address(*listener)->port();
    }
    const auto client = open_socket(AF_INET, SocketType::stream);
    const auto connecting = connect_to(*client, ip("127.0.0.1", port));
    ASSERT_FALSE(connecting);
    if (connecting.error().code == std::errc::connection_refused) return;  // loopback may tell at once
    ASSERT_TRUE(becomes(*client, POLLOUT));
    const auto outcome = pending_error(*client);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, std::errc::connection_refused);
    EXPECT_EQ(outcome.error().blame, Blame::upstream);
}

TEST_F(SocketTest, Datagrams) {
    const Address addresses[] = {ip("127.0.0.1"), ip("::1"), local("datagrams")};
    for (const Address& wanted : addresses) {
        const auto receiver = bind_datagram(wanted);
        ASSERT_TRUE(receiver) << wanted.text();
        const auto bound = local_address(*receiver);
        ASSERT_TRUE(bound);
        const auto sender = open_socket(wanted.family(), SocketType::datagram);
        ASSERT_EQ(::sendto(sender->get(), "hi", 2, 0, bound->data(), bound->size()), 2);
        ASSERT_TRUE(becomes(*receiver, POLLIN));
        char buffer[8];
        EXPECT_EQ(::read(receiver->get(), buffer, sizeof buffer), 2);
        const auto second = bind_datagram(*bound);
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().code, std::errc::address_in_use);
    }
}

TEST_F(SocketTest, ReplacesAStalePath) {
    ASSERT_TRUE(listen_on(local("stale"), {}));  // and closed again, without unlink
    ASSERT_TRUE(std::filesystem::is_socket(path("stale")));
    live(local("stale"));
}

TEST_F(SocketTest, KeepsAPathThatIsInUse) {
    const auto listener = listen_on(local("live"), {});
    ASSERT_TRUE(listener);
    const auto second = listen_on(local("live"), {});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, std::errc::address_in_use);
    EXPECT_EQ(explain_listen_error(second.error(), local("live")), path("live") + " is taken by this very process");

    std::ofstream{path("file")} << "precious";
    const auto third = listen_on(local("file"), {});
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().code, std::errc::address_in_use);
    EXPECT_EQ(explain_listen_error(third.error(), local("file")), path("file") + " exists and is not a socket");
    EXPECT_EQ(std::filesystem::file_size(path("file")), 8U);
}

TEST_F(SocketTest, AnybodyMayConnectToAPath) {
    const mode_t old = ::umask(077);
    const auto listener = listen_on(local("open"), {});
    ::umask(old);
    ASSERT_TRUE(listener);
    EXPECT_EQ(std::filesystem::status(path("open")).permissions(), std::filesystem::perms{0666});
}

/// What a child of ours says about listening on `address`, being who it likes to be.
std::string explained_by_child(const Address& address, uid_t user) {
    int ends[2];
    if (::pipe(ends) < 0) return "pipe";
    const auto child = fork_process();
    if (child && *child == 0) {
        // What it inherited from us it would hold as well.
        ::close_range(3, static_cast<unsigned>(ends[1]) - 1, 0);
        ::close_range(static_cast<unsigned>(ends[1]) + 1, ~0U, 0);
        std::string text = "it could listen";
        if (user != 0 && ::setuid(user) < 0) text = "setuid";
        if (const auto listener = listen_on(address, {}); !listener) text = explain_listen_error(listener.error(), address);
        ::_exit(::write(ends[1], text.data(), text.size()) < 0);
    }
    ::close(ends[1]);
    char buffer[512];
    const ssize_t count = ::read(ends[0], buffer, sizeof buffer);
    ::close(ends[0]);
    if (!child || !wait_for_child(*child) || count < 0) return "no answer";
    return {buffer, static_cast<std::size_t>(count)};
}

TEST_F(SocketTest, NamesWhoeverHoldsThePort) {
    const Address addresses[] = {ip("127.0.0.1"), ip("::1"), Address::ipv4_any(0), Address::ipv6_any(0)};
    for (const Address& wanted : addresses) {
        const auto listener = listen_on(wanted, {});
        ASSERT_TRUE(listener);
        const Address bound = *local_address(*listener);
        EXPECT_EQ(explained_by_child(bound, 0),
                  "port " + std::to_string(bound.port()) + " is taken by sys_test (pid " + std::to_string(::getpid()) + ")");
    }
    // The wildcard holds every address of its family, and the other family's as well unless it is IPV6_V6ONLY.
    ListenOptions options;
    options.ipv6_only = false;
    const auto both = listen_on(Address::ipv6_any(0), options);
    ASSERT_TRUE(both);
    EXPECT_THAT(explained_by_child(ip("127.0.0.1", local_address(*both)->port()), 0), HasSubstr("taken by sys_test (pid"));
    const auto named = listen_on(local("named"), {});
    ASSERT_TRUE(named);
    EXPECT_EQ(explained_by_child(local("named"), 0), path("named") + " is taken by sys_test (pid " + std::to_string(::getpid()) + ")");
}

TEST_F(SocketTest, SaysWhatIsMissing) {
    EXPECT_EQ(explained_by_child(ip("192.0.2.1", 8080), 0), "address 192.0.2.1 is not on this machine");
    EXPECT_EQ(explained_by_child(ip("2001:db8::1", 8080), 0), "address 2001:db8::1 is not on this machine");
    EXPECT_EQ(explained_by_child(local("missing/socket"), 0), "the directory " + path("missing") + " does not exist");
    std::ofstream{path("file")} << "x";
    EXPECT_EQ(explained_by_child(local("file/socket"), 0), path("file") + " is not a directory");
}

TEST_F(SocketTest, SaysWhatIsNotPermitted) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become nobody";
    constexpr uid_t nobody = 65534;
    EXPECT_EQ(explained_by_child(ip("127.0.0.1", 80), nobody), "needs root or CAP_NET_BIND_SERVICE to listen on port 80");
    std::filesystem::permissions(folder_, std::filesystem::perms::owner_all);
    EXPECT_EQ(explained_by_child(local("socket"), nobody), "no permission to create a socket in " + folder_.string());
    const auto listener = listen_on(ip("127.0.0.1"), {});
    const Address bound = *local_address(*listener);
    EXPECT_EQ(explained_by_child(bound, nobody), "port " + std::to_string(bound.port()) + " is taken") << "whose it is, only root sees";
}

TEST_F(SocketTest, FindsTheNextFreePort) {
    const auto listener = listen_on(ip("127.0.0.1"), {});
    const Address bound = *local_address(*listener);
    const auto free = next_free_port(bound);
    if (bound.port() > 65000) GTEST_SKIP() << "too near to the last port";
    ASSERT_TRUE(free);
    EXPECT_GT(*free, bound.port());
    EXPECT_LE(*free, bound.port() + 100);
    EXPECT_TRUE(listen_on(ip("127.0.0.1", *free), {}));
    EXPECT_FALSE(next_free_port(ip("127.0.0.1", 65535)));
    EXPECT_FALSE(next_free_port(ip("192.0.2.1", 8080)));
    EXPECT_FALSE(next_free_port(local("x")));
}

}  // namespace
}  // namespace webserv::sys
