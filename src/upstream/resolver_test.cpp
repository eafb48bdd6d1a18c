// upstream/resolver_test.cpp: waits that end early: silent name servers, patience, cancelled scopes. Answers are tested from outside,
// where there is a name server that gives some.
#include "upstream/resolver.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "io/complete.hpp"
#include "sys/socket.hpp"

namespace webserv::upstream {
namespace {

using namespace std::chrono_literals;
using Outcome = std::expected<std::vector<sys::Address>, ResolveError>;

class ResolverTest : public testing::Test {
protected:
    ResolverTest() {
        EXPECT_EQ(::bind(silent_.get(), any_.data(), any_.size()), 0);
        resolver_ = std::make_unique<Resolver>(*loop_, ResolverOptions{.servers = {*sys::local_address(silent_)}, .valid = {}});
    }
    static Task<> ask(Resolver& resolver, const std::string& host, io::Scope& scope, io::Deadline deadline,
                      std::vector<Outcome>& outcomes) {
        auto outcome = co_await resolver.resolve(host, 80, &scope, deadline);
        outcomes.push_back(std::move(outcome));
    }

    std::unique_ptr<io::Loop> loop_ = std::move(*io::Loop::create());
    sys::Address any_ = *sys::Address::parse_ip("127.0.0.1", 0);
    sys::Fd silent_ = std::move(*sys::open_socket(AF_INET, sys::SocketType::datagram));
    std::unique_ptr<Resolver> resolver_;
    std::string host_ = "example.test";
    io::Scope scope_, tasks_;
    std::vector<Outcome> outcomes_;
};

TEST_F(ResolverTest, LiteralsAreTheirOwnAddress) {
    for (const std::string host : {"127.0.0.1", "::1", "[::1]"}) {
        const Outcome outcome = io::complete(*loop_, resolver_->resolve(host, 81, nullptr, io::never));
        ASSERT_TRUE(outcome);
        EXPECT_EQ(*outcome, std::vector{*sys::Address::parse_ip(host, 81)});
    }
    EXPECT_FALSE(sys::has_input(silent_));
}

TEST_F(ResolverTest, NobodyWaitsLongerThanTheDeadline) {
    const Outcome outcome = io::complete(*loop_, resolver_->resolve(host_, 80, nullptr, loop_->now() + 20ms));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error(), ResolveError::timed_out);
    EXPECT_TRUE(sys::has_input(silent_));
}

TEST_F(ResolverTest, AWaitEndsWithItsScopeAndTheResolverWithoutAnAnswer) {
    for (int i = 0; i < 3; ++i) tasks_.spawn(ask(*resolver_, host_, scope_, io::never, outcomes_));
    loop_->turn(loop_->now());
    EXPECT_TRUE(outcomes_.empty());
    scope_.cancel();
    while (tasks_.task_count() > 0) loop_->turn(io::never);
    ASSERT_EQ(outcomes_.size(), 3U);
    EXPECT_EQ(outcomes_.front().error(), ResolveError::timed_out);
    resolver_.reset();  // what is still asked is forgotten
    loop_->turn(loop_->now());
}

TEST_F(ResolverTest, TellsWhatIsNoName) {
    const std::string host = std::string(70, 'a') + ".test";
    const Outcome outcome = io::complete(*loop_, resolver_->resolve(host, 80, nullptr, io::never));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error(), ResolveError::unknown_host);
}

}  // namespace
}  // namespace webserv::upstream
