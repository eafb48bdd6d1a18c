// io/timers_test.cpp: the heap against std::multimap, and what expired() may do.
// Thousands of random steps; after each one both must name the same next time.
#include "io/timers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <random>

namespace webserv::io {
namespace {

using std::chrono::milliseconds;

class Probe final : public Timer {
public:
    std::function<void()> on_expired = [] {};
    void expired() override { on_expired(); }
};

TimePoint at(int time) { return TimePoint{milliseconds{time}}; }

TEST(Timers, AgreeWithAModel) {
    std::mt19937 random{7};
    Timers timers;
    std::array<Probe, 60> probes;
    std::multimap<TimePoint, Probe*> model;
    std::vector<TimePoint> fired;
    const auto forget = [&](Probe& probe) { std::erase_if(model, [&](const auto& entry) { return entry.second == &probe; }); };
    for (Probe& probe : probes) {
        probe.on_expired = [&] {
            EXPECT_FALSE(probe.armed());
            fired.push_back(probe.time());
            forget(probe);
        };
    }
    int now = 0;
    for (int step = 0; step < 20'000; ++step) {
        Probe& probe = probes[random() % probes.size()];
        const unsigned action = random() % 10;
        if (action < 6) {
            const TimePoint time = at(now + static_cast<int>(random() % 50));
            timers.arm(probe, time);
            forget(probe);
            model.emplace(time, &probe);
        } else if (action < 8) {
            timers.disarm(probe);
            forget(probe);
        } else {
            now += static_cast<int>(random() % 10);
            std::vector<TimePoint> due;
            for (auto i = model.begin(); i != model.upper_bound(at(now)); ++i) due.push_back(i->first);
            fired.clear();
            timers.fire(at(now));
            ASSERT_EQ(fired, due) << "step " << step;
        }
        ASSERT_EQ(timers.next(), model.empty() ? never : model.begin()->first) << "step " << step;
        ASSERT_EQ(probe.armed(), std::ranges::any_of(model, [&](const auto& entry) { return entry.second == &probe; }));
    }
    for (Probe& probe : probes) timers.disarm(probe);
    EXPECT_EQ(timers.next(), never);
}

TEST(Timers, OneThatArmsItselfForThePastFiresOnceACall) {
    Timers timers;
    Probe probe;
    int count = 0;
    probe.on_expired = [&] {
        ++count;
        timers.arm(probe, at(1));
    };
    timers.arm(probe, at(5));
    timers.fire(at(10));
    EXPECT_EQ(count, 1);
    EXPECT_GT(timers.next(), at(10));
    timers.fire(at(11));
    EXPECT_EQ(count, 2);
    timers.disarm(probe);
}

TEST(Timers, OneMayDisarmAnotherThatIsDue) {
    Timers timers;
    Probe first, second;
    bool second_fired = false;
    first.on_expired = [&] { timers.disarm(second); };
    second.on_expired = [&] { second_fired = true; };
    timers.arm(first, at(1));
    timers.arm(second, at(2));
    timers.fire(at(10));
    EXPECT_FALSE(second_fired);
    EXPECT_EQ(timers.next(), never);
}

TEST(Timers, DeadlinesDoNotOverflow) {
    EXPECT_EQ(deadline_after(at(5), milliseconds{10}), at(15));
    EXPECT_EQ(deadline_after(at(5), milliseconds::max()), never);
    EXPECT_EQ(deadline_after(at(5), std::chrono::hours{24 * 365 * 290}), at(5) + std::chrono::hours{24 * 365 * 290});
    EXPECT_EQ(deadline_after(at(5), std::chrono::hours{24 * 365 * 293}), never);
}

}  // namespace
}  // namespace webserv::io
