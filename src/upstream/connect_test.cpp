// upstream/connect_test.cpp: who wins the race, and what the loser is told.
// Over real sockets of this machine: a listener with a full queue is an address that does not answer.
#include "upstream/connect.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "io/complete.hpp"
#include "sys/socket.hpp"

namespace webserv::upstream {
namespace {

using namespace std::chrono_literals;

sys::Address ip(std::string_view literal, std::uint16_t port = 80) { return *sys::Address::parse_ip(literal, port); }

TEST(Alternating, BeginsWithTheFirstFamily) {
    const auto texts = [](const std::vector<sys::Address>& addresses) {
        std::string text;
        for (const sys::Address& address : addresses) text += address.host() + " ";
        return text;
    };
    EXPECT_EQ(texts(alternating({})), "");
    EXPECT_EQ(texts(alternating({ip("::1"), ip("::2"), ip("::3"), ip("1.1.1.1"), ip("2.2.2.2")})), "::1 1.1.1.1 ::2 2.2.2.2 ::3 ");
    EXPECT_EQ(texts(alternating({ip("1.1.1.1"), ip("::1"), ip("2.2.2.2"), ip("3.3.3.3")})), "1.1.1.1 ::1 2.2.2.2 3.3.3.3 ");
    EXPECT_EQ(texts(alternating({ip("1.1.1.1"), ip("2.2.2.2")})), "1.1.1.1 2.2.2.2 ");
}

class ConnectTest : public testing::Test {
protected:
    std::expected<Connected, std::vector<FailedAttempt>> connect(const std::vector<sys::Address>& addresses,
                                                                 std::chrono::milliseconds patience = 20s) {
        loop_->turn(loop_->now());  // so that its clock is right
        tried_.clear();
        const std::function<void(const sys::Address&)> trying = [this](const sys::Address& address) { tried_.push_back(address); };
        return io::complete(*loop_, upstream::connect(*loop_, &scope_, addresses, loop_->now() + patience, trying));
    }
    static sys::Fd listen(const char* literal = "127.0.0.1", int backlog = 10) {
        return std::move(*sys::listen_on(ip(literal, 0), {.backlog = backlog}));
    }
    static sys::Address address_of(const sys::Fd& listener) { return *sys::local_address(listener); }
    static sys::Address nobody() { return address_of(listen()); }  // nobody listens there any more
    // Answers no more.
    sys::Fd silent() {
        sys::Fd listener = listen("127.0.0.1", 0);
        for (int tries = 0; tries < 10; ++tries) {
            auto connected = connect({address_of(listener)}, 100ms);
            if (!connected) break;
            queued_.push_back(std::move(connected->socket));
        }
        return listener;
    }

    std::unique_ptr<io::Loop> loop_ = std::move(*io::Loop::create());
    io::Scope scope_;
    std::vector<sys::Fd> queued_;
    std::vector<sys::Address> tried_;
};

TEST_F(ConnectTest, TakesTheFirst) {
    const sys::Fd first = listen();
    const sys::Fd second = listen();
    const auto connected = connect({address_of(first), address_of(second)});
    ASSERT_TRUE(connected);
    EXPECT_EQ(connected->address, address_of(first));
    EXPECT_EQ(tried_.size(), 1U);
}

TEST_F(ConnectTest, GoesOnAtOnceWhereNobodyListens) {
    const sys::Fd listener = listen();
    const std::vector<sys::Address> addresses{nobody(), nobody(), address_of(listener)};
    const auto connected = connect(addresses);
    ASSERT_TRUE(connected);
    EXPECT_EQ(connected->address, address_of(listener));
    EXPECT_EQ(tried_, addresses);
}

TEST_F(ConnectTest, DoesNotWaitForWhoIsSilent) {
    const sys::Fd never_answers = silent();
    const sys::Fd listener = listen();
    const auto connected = connect({address_of(never_answers), address_of(listener)});
    ASSERT_TRUE(connected);
    EXPECT_EQ(connected->address, address_of(listener));
    EXPECT_EQ(tried_.size(), 2U);
}

TEST_F(ConnectTest, TellsEveryFailure) {
    const std::vector<sys::Address> addresses{nobody(), nobody()};
    const auto connected = connect(addresses);
    ASSERT_FALSE(connected);
    ASSERT_EQ(connected.error().size(), 2U);
    EXPECT_EQ(connected.error()[0].address, addresses[0]);
    EXPECT_EQ(connected.error()[1].address, addresses[1]);
    EXPECT_EQ(connected.error()[0].error.code, std::errc::connection_refused);
}

TEST_F(ConnectTest, HasADeadline) {
    const sys::Fd never_answers = silent();
    const std::vector<sys::Address> addresses{address_of(never_answers), nobody(), address_of(never_answers)};
    const auto connected = connect(addresses, 400ms);
    ASSERT_FALSE(connected);
    EXPECT_EQ(tried_.size(), 3U);
    EXPECT_EQ(connected.error().size(), 3U);
    EXPECT_EQ(connected.error().back().error.code, std::errc::timed_out);
    EXPECT_EQ(connect(addresses, 50ms).error().size(), 1U);  // before the others have their turn
}

TEST_F(ConnectTest, EndsWithItsScope) {
    const sys::Fd never_answers = silent();
    const std::vector<sys::Address> addresses{address_of(never_answers)};
    const std::function<void(const sys::Address&)> nothing;
    io::Scope tasks;
    std::size_t failures = 0;
    const auto dial = [](io::Loop& loop, io::Scope& scope, const std::vector<sys::Address>& where,
                         const std::function<void(const sys::Address&)>& trying, std::size_t& count) -> Task<> {
        const auto connected = co_await upstream::connect(loop, &scope, where, io::never, trying);
        if (!connected) count = connected.error().size();
    };
    tasks.spawn(dial(*loop_, scope_, addresses, nothing, failures));
    scope_.cancel();
    while (tasks.task_count() > 0) loop_->turn(io::never);
    EXPECT_EQ(failures, 1U);
}

}  // namespace
}  // namespace webserv::upstream
