// upstream/system_resolver_test.cpp: names of this machine, literal addresses, and a name that nobody may have.
// What a name server would answer is no matter of a unit test.
#include "upstream/system_resolver.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "io/complete.hpp"

namespace webserv::upstream {
namespace {

using namespace std::chrono_literals;

class SystemResolverTest : public testing::Test {
protected:
    std::string resolve(const std::string& host, io::Deadline deadline = io::never) {
        const auto addresses = io::complete(*loop_, resolver_.resolve(host, 81, deadline));
        if (!addresses) return std::string{describe(addresses.error())};
        std::string text;
        for (const sys::Address& address : *addresses) text += address.text() + " ";
        return text;
    }

    std::unique_ptr<io::Loop> loop_ = std::move(*io::Loop::create());
    SystemResolver resolver_{*loop_};
};

TEST_F(SystemResolverTest, LiteralsAreTheirOwnAddress) {
    EXPECT_EQ(resolve("127.0.0.1"), "127.0.0.1:81 ");
    EXPECT_EQ(resolve("::1"), "[::1]:81 ");
    EXPECT_EQ(resolve("[::1]"), "[::1]:81 ");
}

TEST_F(SystemResolverTest, KnowsThisMachine) { EXPECT_NE(resolve("localhost").find("127.0.0.1:81 "), std::string::npos); }

TEST_F(SystemResolverTest, TellsWhatIsNoName) {
    const std::string too_long_a_label(70, 'a');
    EXPECT_EQ(resolve(too_long_a_label + ".invalid"), describe(ResolveError::unknown_host));
}

TEST_F(SystemResolverTest, NobodyWaitsLongerThanTheDeadline) {
    EXPECT_EQ(resolve("localhost", loop_->now()), describe(ResolveError::timed_out));
    while (resolver_.is_busy()) loop_->turn(io::never);
    EXPECT_NE(resolve("localhost"), describe(ResolveError::timed_out));
}

}  // namespace
}  // namespace webserv::upstream
