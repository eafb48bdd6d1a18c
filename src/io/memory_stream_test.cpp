// io/memory_stream_test.cpp: whatever a seed does, what is read is what was written, in order, and it ends.
// Hundreds of seeds; a failure names the seed that repeats it.
#include "io/memory_stream.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/complete.hpp"
#include "io/sleep.hpp"

namespace webserv::io {
namespace {

using std::chrono::milliseconds;

std::unique_ptr<Loop> make_loop() {
    auto loop = Loop::create({.simulated_time = true});
    EXPECT_TRUE(loop);
    return std::move(*loop);
}

struct Transcript {
    std::string received;
    std::uint64_t written = 0;
    std::errc writer{}, reader{};
    milliseconds duration{};
    std::uint32_t turns = 0;
    bool operator==(const Transcript&) const = default;
};

Task<> write_and_finish(Stream& stream, std::string text, Transcript& transcript) {
    iovec part{text.data(), text.size()};
    const auto written = co_await write_all(stream, {&part, 1}, milliseconds{1000});
    transcript.writer = written ? std::errc{} : written.error().code;
    (void)stream.finish_writing();
}

Task<> read_to_end(Stream& stream, Transcript& transcript) {
    std::string buffer(700, '\0');
    for (;;) {
        const auto count = co_await read_some(stream, buffer, stream.now() + milliseconds{1000});
        transcript.reader = count ? std::errc{} : count.error().code;
        if (!count || *count == 0) co_return;
        transcript.received.append(buffer, 0, *count);
    }
}

const std::string sample = [] {
    std::string text;
    for (int i = 0; text.size() < 20'000; ++i) text += std::to_string(i) + ' ';
    return text;
}();

Transcript transfer(const Faults& faults) {
    const auto loop = make_loop();
    const auto start = loop->now();
    const auto [near, far] = MemoryStream::make_pair(*loop, nullptr, faults);
    Transcript transcript;
    Scope scope;
    scope.spawn(write_and_finish(*near, sample, transcript));
    scope.spawn(read_to_end(*far, transcript));
    while (scope.task_count() > 0) loop->turn(never);
    transcript.written = near->octets_written();
    transcript.duration = std::chrono::duration_cast<milliseconds>(loop->now() - start);
    transcript.turns = loop->turns();
    return transcript;
}

TEST(MemoryStream, WhateverHappensWhatIsReadWasWritten) {
    int complete_transfers = 0, broken = 0;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        const Faults faults{.seed = seed,
                            .short_transfers = 30,
                            .refusals = 20,
                            .crossed_refusals = 20,
                            .resets = seed % 3 == 0 ? 1U : 0U,
                            .delay_max = milliseconds{seed % 2 == 0 ? 0 : 200},
                            .capacity_bytes = 1 + seed * 37 % 5000};
        const Transcript transcript = transfer(faults);
        ASSERT_TRUE(sample.starts_with(transcript.received)) << "seed " << seed;
        if (transcript.reader == std::errc{}) {
            ASSERT_EQ(transcript.received.size(), transcript.written) << "seed " << seed;
            ASSERT_EQ(transcript.writer, std::errc{}) << "seed " << seed;
            ASSERT_TRUE(transcript.received == sample) << "seed " << seed;
            ++complete_transfers;
        } else {
            ASSERT_EQ(transcript.reader, std::errc::connection_reset) << "seed " << seed;
            ASSERT_EQ(seed % 3, 0U) << "seed " << seed;
            ++broken;
        }
    }
    EXPECT_GE(complete_transfers, 200);
    EXPECT_GT(broken, 50);
}

TEST(MemoryStream, TheSameSeedDoesTheSame) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const Faults faults{.seed = seed,
                            .short_transfers = 30,
                            .refusals = 20,
                            .crossed_refusals = 10,
                            .resets = 1,
                            .delay_max = milliseconds{50},
                            .capacity_bytes = 3000};
        EXPECT_TRUE(transfer(faults) == transfer(faults)) << "seed " << seed;
    }
}

TEST(MemoryStream, DelaysTakeSimulatedTimeOnly) {
    EXPECT_EQ(transfer({}).duration, milliseconds{0});
    EXPECT_GT(transfer({.delay_max = milliseconds{300}, .capacity_bytes = 500}).duration, milliseconds{1000});
}

TEST(MemoryStream, TheEndArrivesAfterWhatWasWrittenBefore) {
    const auto loop = make_loop();
    const auto [near, far] = MemoryStream::make_pair(*loop, nullptr, {.seed = 4, .delay_max = milliseconds{100}});
    char octet = 'x';
    const iovec part{&octet, 1};
    ASSERT_EQ(near->try_write({&part, 1})->count, 1U);
    ASSERT_TRUE(near->finish_writing());
    EXPECT_FALSE(far->peer_gone());
    EXPECT_EQ(far->try_read({&octet, 1})->blocked_on, Readiness::readable);
    loop->turn(loop->now() + milliseconds{100});
    EXPECT_TRUE(far->peer_gone());
    EXPECT_EQ(far->try_read({&octet, 1})->count, 1U);
    EXPECT_EQ(far->try_read({&octet, 1})->count, 0U);
    EXPECT_EQ(near->try_write({&part, 1}).error().code, std::errc::broken_pipe) << "after our own FIN";
}

TEST(MemoryStream, AResetReachesBothWaiters) {
    const auto loop = make_loop();
    const auto pair = MemoryStream::make_pair(*loop, nullptr, {});
    Transcript near, far;
    Scope scope;
    scope.spawn(read_to_end(*pair.first, near));
    scope.spawn(read_to_end(*pair.second, far));
    pair.first->reset();
    loop->turn(never);
    EXPECT_EQ(near.reader, std::errc::connection_reset);
    EXPECT_EQ(far.reader, std::errc::connection_reset);
    EXPECT_EQ(scope.task_count(), 0U);
}

}  // namespace
}  // namespace webserv::io
