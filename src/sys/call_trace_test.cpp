// sys/call_trace_test.cpp: the observer is told what the kernel did, in the order in which it did it, and changes nothing.
// Real sockets on the loopback interface.
#include "sys/call_trace.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "sys/socket.hpp"

namespace webserv::sys {
namespace {

using testing::ElementsAre;
using Name = SocketCall::Name;

class Recorder final : public CallObserver {
public:
    Recorder() { call_observer = this; }
    ~Recorder() override { call_observer = nullptr; }
    void called(const SocketCall& call) noexcept override {
        calls.push_back(call);
        addresses.push_back(call.address != nullptr ? call.address->text() : "");
        errno = ENOTTY;  // as a careless observer would
    }
    void ending(int descriptor, Name how) noexcept override {
        endings.emplace_back(descriptor, how);
        errno = ENOTTY;
    }
    [[nodiscard]] std::vector<Name> names() const {
        std::vector<Name> names;
        for (const SocketCall& call : calls) names.push_back(call.name);
        return names;
    }

    std::vector<SocketCall> calls;
    std::vector<std::string> addresses;
    std::vector<std::pair<int, Name>> endings;
};

const Address loopback = *Address::parse_ip("127.0.0.1", 0);

TEST(CallTrace, TellsTheLifeOfAListener) {
    Recorder recorder;
    int number = -1;
    {
        const auto listener = listen_on(loopback, {.backlog = 7});
        ASSERT_TRUE(listener);
        number = listener->get();
    }
    EXPECT_THAT(recorder.names(), ElementsAre(Name::socket, Name::setsockopt, Name::setsockopt, Name::bind, Name::listen, Name::close));
    EXPECT_EQ(recorder.calls[0].result, number);
    EXPECT_EQ(recorder.calls[0].first, AF_INET);
    EXPECT_EQ(recorder.calls[0].second, SOCK_STREAM);
    EXPECT_EQ(recorder.calls[1].second, SO_REUSEADDR);
    EXPECT_EQ(recorder.calls[2].second, TCP_SAVE_SYN);
    EXPECT_EQ(recorder.addresses[3], "127.0.0.1:0");
    EXPECT_EQ(recorder.calls[4].first, 7);
    for (std::size_t i = 1; i < recorder.calls.size(); ++i) EXPECT_EQ(recorder.calls[i].descriptor, number) << i;
    EXPECT_THAT(recorder.endings, ElementsAre(std::pair{number, Name::close}));
}

TEST(CallTrace, TellsAcceptedPeerAndOrderlyEnd) {
    const auto listener = listen_on(loopback, {});
    ASSERT_TRUE(listener);
    const auto client = open_socket(AF_INET, SocketType::stream);
    ASSERT_TRUE(client);
    (void)connect_to(*client, *local_address(*listener));  // in progress
    Recorder recorder;
    const auto peer = accept_from(*listener);
    ASSERT_TRUE(peer);
    ASSERT_TRUE(finish_writing(peer->socket));
    EXPECT_THAT(recorder.names(), ElementsAre(Name::accept, Name::shutdown));
    EXPECT_EQ(recorder.calls[0].descriptor, listener->get());
    EXPECT_EQ(recorder.calls[0].result, peer->socket.get());
    EXPECT_EQ(recorder.addresses[0], local_address(*client)->text());
    EXPECT_THAT(recorder.endings, ElementsAre(std::pair{peer->socket.get(), Name::shutdown}));
}

TEST(CallTrace, KeepsErrno) {
    const auto listener = listen_on(loopback, {});
    ASSERT_TRUE(listener);
    Recorder recorder;
    const auto nobody = accept_from(*listener);
    ASSERT_FALSE(nobody);
    EXPECT_EQ(nobody.error().code, std::errc::operation_would_block);
    EXPECT_LT(recorder.calls.at(0).result, 0);
    const auto taken = listen_on(*local_address(*listener), {});
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, std::errc::address_in_use);
    errno = EDOM;
    Fd{::dup(listener->get())}.reset();
    EXPECT_EQ(errno, EDOM);
}

TEST(CallTrace, SaysNothingOfFiles) {
    Recorder recorder;
    Fd file{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    ASSERT_TRUE(file);
    const int number = file.get();
    file.reset();
    EXPECT_EQ(::fcntl(number, F_GETFD), -1) << "it is closed nevertheless";
    EXPECT_TRUE(recorder.calls.empty());
    EXPECT_TRUE(recorder.endings.empty());
}

TEST(CallTrace, UntracedListenersKeepNoSyn) {
    ASSERT_FALSE(traced());
    const auto listener = listen_on(loopback, {});
    ASSERT_TRUE(listener);
    int value = -1;
    socklen_t size = sizeof value;
    ASSERT_EQ(::getsockopt(listener->get(), IPPROTO_TCP, TCP_SAVE_SYN, &value, &size), 0);
    EXPECT_EQ(value, 0);
}

}  // namespace
}  // namespace webserv::sys
