// process/backoff_test.cpp: the first replacement at once, then one a second, until one has lived.
// Time is handed in, so nothing waits.
#include "process/backoff.hpp"

#include <gtest/gtest.h>

namespace webserv::process {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, SlowsDownOnlyWhenDeathsAtBirthRepeat) {
    struct Life {
        std::chrono::milliseconds born, died, next;
    };
    const Life lives[] = {
        {0ms, 10ms, 10ms},         // young, but the first
        {10ms, 20ms, 1010ms},      // again
        {1010ms, 1020ms, 2010ms},  // and again
        {2010ms, 3010ms, 3010ms},  // has lived
        {3010ms, 3020ms, 3020ms},  // the first once more
        {3020ms, 4019ms, 4020ms},  // just too young
        {4020ms, 99999ms, 99999ms},
    };
    Backoff backoff;
    const Backoff::TimePoint zero{};
    for (const Life& life : lives) {
        EXPECT_EQ(backoff.next_start(zero + life.born, zero + life.died), zero + life.next) << life.born.count();
    }
}

}  // namespace
}  // namespace webserv::process
