// observe/metric_test.cpp: counters that children write and the parent sums up.
// Each child writes only its own block, as workers do.
#include "observe/metric.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <set>
#include <vector>

#include "sys/process.hpp"

namespace webserv::observe {
namespace {

TEST(Metrics, AddUpAcrossProcesses) {
    constexpr unsigned workers = 3;
    auto created = Metrics::create(workers);
    ASSERT_TRUE(created);
    Metrics metrics = std::move(*created);
    EXPECT_EQ(metrics.worker_count(), workers);
    EXPECT_EQ(metrics.total(Counter::requests), 0);
    for (unsigned index = 0; index < workers; ++index) {
        const auto child = sys::fork_process();
        ASSERT_TRUE(child);
        if (*child == 0) {
            for (unsigned i = 0; i < 1000; ++i) metrics.worker(index).add(Counter::requests);
            metrics.worker(index).add(Counter::active, index + 1);
            metrics.worker(index).add(Counter::active, -1);
            ::_exit(0);
        }
        ASSERT_TRUE(sys::wait_for_child(*child));
    }
    EXPECT_EQ(metrics.total(Counter::requests), 3000);
    EXPECT_EQ(metrics.worker(2).get(Counter::active), 2);
    EXPECT_EQ(metrics.total(Counter::active), 3);
}

// `concurrency fork`: a worker and its children count in one block, each child beside that in a part of its own.
TEST(Metrics, NothingIsLostWhenManyProcessesCount) {
    constexpr unsigned children = 4;
    constexpr int rounds = 20'000;
    auto metrics = Metrics::create(1 + children);
    ASSERT_TRUE(metrics);
    WorkerMetrics& whole = metrics->worker(0);
    whole.share();
    std::vector<pid_t> processes;
    for (unsigned index = 1; index <= children; ++index) {
        WorkerMetrics& part = metrics->worker(index);
        part.begin_part_of(whole);
        const auto child = sys::fork_process();
        ASSERT_TRUE(child);
        if (*child == 0) {
            for (int i = 0; i < rounds; ++i) part.add(Counter::requests);
            part.add(Counter::active);
            if (index % 2 == 0) part.add(Counter::active, -1);  // the others are killed, as it were
            ::_exit(0);
        }
        processes.push_back(*child);
    }
    for (int i = 0; i < rounds; ++i) whole.add(Counter::requests);
    for (const pid_t process : processes) ASSERT_TRUE(sys::wait_for_child(process));
    EXPECT_EQ(whole.get(Counter::requests), rounds * (1 + static_cast<int>(children)));
    EXPECT_EQ(whole.get(Counter::active), 2);
    for (unsigned index = 1; index <= children; ++index) metrics->worker(index).end_part();
    EXPECT_EQ(whole.get(Counter::active), 0);
    EXPECT_EQ(whole.get(Counter::requests), rounds * (1 + static_cast<int>(children)));
}

TEST(Metrics, APartThatLeavesTheWholeCountsForItself) {
    auto metrics = Metrics::create(2);
    ASSERT_TRUE(metrics);
    WorkerMetrics& whole = metrics->worker(0);
    WorkerMetrics& part = metrics->worker(1);
    whole.share();
    part.begin_part_of(whole);
    part.add(Counter::active);
    whole.reset_gauges();  // another worker has the block now
    part.leave_whole();
    part.add(Counter::active, -1);
    EXPECT_EQ(whole.get(Counter::active), 0);
    EXPECT_EQ(part.get(Counter::active), 0);
}

TEST(Metrics, WorkersShareNoCacheLine) {
    auto metrics = Metrics::create(2);
    ASSERT_TRUE(metrics);
    const auto first = reinterpret_cast<std::uintptr_t>(&metrics->worker(0));
    const auto second = reinterpret_cast<std::uintptr_t>(&metrics->worker(1));
    EXPECT_EQ(first % 64, 0U);
    EXPECT_EQ(second % 64, 0U);
    EXPECT_GE(second - first, sizeof(WorkerMetrics));
}

TEST(Metrics, AReplacedWorkerKeepsTotalsNotGauges) {
    auto metrics = Metrics::create(1);
    ASSERT_TRUE(metrics);
    WorkerMetrics& worker = metrics->worker(0);
    for (unsigned i = 0; i < static_cast<unsigned>(Counter::count_); ++i) worker.add(Counter{static_cast<unsigned char>(i)}, 5);
    worker.reset_gauges();
    const std::set gauges = {Counter::active,  Counter::reading,     Counter::writing,
                             Counter::waiting, Counter::generations, Counter::longest_turn};
    for (unsigned i = 0; i < static_cast<unsigned>(Counter::count_); ++i) {
        const Counter counter{static_cast<unsigned char>(i)};
        EXPECT_EQ(worker.get(counter), gauges.contains(counter) ? 0 : 5) << counter_name(counter);
    }
}

TEST(Metrics, AMaximumOnlyRises) {
    auto metrics = Metrics::create(1);
    ASSERT_TRUE(metrics);
    for (const std::int64_t value : {3, 7, 5}) metrics->worker(0).raise(Counter::longest_turn, value);
    EXPECT_EQ(metrics->total(Counter::longest_turn), 7);
}

TEST(Metrics, EveryCounterHasItsName) {
    std::set<std::string_view> names;
    for (unsigned i = 0; i < static_cast<unsigned>(Counter::count_); ++i) {
        names.insert(counter_name(Counter{static_cast<unsigned char>(i)}));
    }
    EXPECT_EQ(names.size(), static_cast<std::size_t>(Counter::count_));
    EXPECT_FALSE(names.contains(""));
    EXPECT_EQ(counter_name(Counter::accepted), "accepted");
    EXPECT_EQ(counter_name(Counter::log_lines_dropped), "log_lines_dropped");
}

}  // namespace
}  // namespace webserv::observe
