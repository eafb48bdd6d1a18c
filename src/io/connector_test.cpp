// io/connector_test.cpp: connecting to somebody, to nobody, and to somebody who does not answer.
// Over real sockets of this machine.
#include "io/connector.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "io/complete.hpp"
#include "sys/socket.hpp"

namespace webserv::io {
namespace {

using namespace std::chrono_literals;

class ConnectorTest : public testing::Test {
protected:
    Result<sys::Fd> connect(const sys::Address& address, std::chrono::milliseconds patience = 10s) {
        loop_->turn(loop_->now());  // so that its clock is right
        Connector connector{*loop_, &scope_};
        return complete(*loop_, connector.connect(address, loop_->now() + patience));
    }
    static sys::Address loopback() { return *sys::Address::parse_ip("127.0.0.1", 0); }

    std::unique_ptr<Loop> loop_ = std::move(*Loop::create());
    Scope scope_;
};

TEST_F(ConnectorTest, ConnectsOverTcp) {
    const auto listener = sys::listen_on(loopback(), {});
    ASSERT_TRUE(listener);
    const auto socket = connect(*sys::local_address(*listener));
    ASSERT_TRUE(socket);
    EXPECT_TRUE(sys::accept_from(*listener));
    int nodelay = 0;
    socklen_t size = sizeof nodelay;
    EXPECT_EQ(::getsockopt(socket->get(), IPPROTO_TCP, TCP_NODELAY, &nodelay, &size), 0);
    EXPECT_NE(nodelay, 0);
}

TEST_F(ConnectorTest, TellsThatNobodyListens) {
    sys::Address address;
    {
        const auto listener = sys::listen_on(loopback(), {});
        address = *sys::local_address(*listener);
    }
    const auto socket = connect(address);
    ASSERT_FALSE(socket);
    EXPECT_EQ(socket.error().code, std::errc::connection_refused);
    EXPECT_EQ(socket.error().blame, Blame::upstream);
}

TEST_F(ConnectorTest, GivesUpAtTheDeadline) {
    const auto listener = sys::listen_on(loopback(), {.backlog = 0});
    const sys::Address address = *sys::local_address(*listener);
    std::vector<sys::Fd> queued;  // a full queue answers nothing
    Result<sys::Fd> socket;
    while ((socket = connect(address, 200ms)) && queued.size() < 10) queued.push_back(std::move(*socket));
    ASSERT_FALSE(socket);
    EXPECT_EQ(socket.error().code, std::errc::timed_out);
    EXPECT_EQ(socket.error().blame, Blame::upstream);
}

TEST_F(ConnectorTest, WaitsForRoomInALocalQueue) {
    char folder[] = "/tmp/webserv-connector-XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    const std::string path = std::string{folder} + "/socket";
    const sys::Address address = *sys::Address::local(path);
    {
        const auto missing = connect(address);
        ASSERT_FALSE(missing);
        EXPECT_EQ(missing.error().code, std::errc::no_such_file_or_directory);
    }
    const auto listener = sys::listen_on(address, {.backlog = 0});
    ASSERT_TRUE(listener);
    const auto first = connect(address);
    ASSERT_TRUE(first);
    const auto late = connect(address, 100ms);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, std::errc::resource_unavailable_try_again);

    Connector connector{*loop_, &scope_};
    Scope tasks;
    bool connected = false;
    const auto dial = [](Connector& dialler, sys::Address where, Deadline deadline, bool& done) -> Task<> {
        const auto socket = co_await dialler.connect(where, deadline);
        done = socket.has_value();
    };
    tasks.spawn(dial(connector, address, loop_->now() + 10s, connected));
    EXPECT_TRUE(sys::accept_from(*listener));
    while (tasks.task_count() > 0) loop_->turn(never);
    EXPECT_TRUE(connected);
    ::unlink(path.c_str());
    ::rmdir(folder);
}

TEST_F(ConnectorTest, EndsWithItsScope) {
    const auto listener = sys::listen_on(loopback(), {.backlog = 0});
    const sys::Address address = *sys::local_address(*listener);
    std::vector<sys::Fd> queued;
    for (auto socket = connect(address, 200ms); socket && queued.size() < 10; socket = connect(address, 200ms)) {
        queued.push_back(std::move(*socket));
    }
    Connector connector{*loop_, &scope_};
    Scope tasks;
    Error error{};
    const auto dial = [](Connector& dialler, sys::Address where, Error& into) -> Task<> {
        const auto socket = co_await dialler.connect(where, never);
        if (!socket) into = socket.error();
    };
    tasks.spawn(dial(connector, address, error));
    scope_.cancel();
    while (tasks.task_count() > 0) loop_->turn(never);
    EXPECT_EQ(error.code, std::errc::operation_canceled);
}

}  // namespace
}  // namespace webserv::io
