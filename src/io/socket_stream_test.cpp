// io/socket_stream_test.cpp: what only a socket does: readiness that is remembered, and fairness.
// is_ready() tells what would be done without a system call.
#include "io/socket_stream.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "io/complete.hpp"
#include "io/sleep.hpp"

namespace webserv::io {
namespace {

using std::chrono::milliseconds;

class SocketStreamTest : public testing::Test {
protected:
    SocketStreamTest() {
        loop = std::move(*Loop::create({.simulated_time = true}));
        int numbers[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, numbers), 0);
        stream = std::make_unique<SocketStream>(*loop, nullptr, sys::Fd{numbers[0]});
        peer.reset(numbers[1]);
    }
    void peer_sends(std::string_view text) const { EXPECT_EQ(::send(peer.get(), text.data(), text.size(), 0), std::ssize(text)); }
    [[nodiscard]] bool is_readable() const { return stream->ready(Readiness::readable, never).await_ready(); }
    [[nodiscard]] bool is_writable() const { return stream->ready(Readiness::writable, never).await_ready(); }
    void turn() const { loop->turn(loop->now()); }
    static Task<Result<>> wait(Stream& stream, Readiness readiness, Deadline deadline) {
        co_return co_await stream.ready(readiness, deadline);
    }
    // From the first wait on the loop tells of events.
    void wait_in_vain() {
        EXPECT_EQ(stream->try_read(buffer)->blocked_on, Readiness::readable);
        const auto outcome = complete(*loop, wait(*stream, Readiness::readable, loop->now()));
        EXPECT_EQ(outcome.error().code, std::errc::timed_out);
    }

    std::unique_ptr<Loop> loop;
    std::unique_ptr<SocketStream> stream;
    sys::Fd peer;
    char buffer[16];
};

TEST_F(SocketStreamTest, AShortReadMeansThatTheNextOneWouldBlock) {
    EXPECT_TRUE(is_readable()) << "not known yet";
    wait_in_vain();
    peer_sends("0123456789");
    EXPECT_EQ(stream->try_read(buffer)->count, 10U);
    EXPECT_FALSE(is_readable());
    turn();
    EXPECT_FALSE(is_readable()) << "the event that is queued finds nothing";
    peer_sends("0123456789ABCDEF");
    turn();
    EXPECT_TRUE(is_readable());
    EXPECT_EQ(stream->try_read(buffer)->count, 16U);
    EXPECT_TRUE(is_readable()) << "as much as asked for: there may be more";
    EXPECT_EQ(stream->try_read(buffer)->blocked_on, Readiness::readable);
    EXPECT_FALSE(is_readable());
}

TEST_F(SocketStreamTest, WhatCameBeforeTheFirstWaitIsFound) {
    peer_sends("0123456789");
    EXPECT_EQ(stream->try_read(buffer)->count, 10U);
    peer_sends("more");
    EXPECT_TRUE(complete(*loop, wait(*stream, Readiness::readable, never)));
    EXPECT_EQ(stream->try_read(buffer)->count, 4U);
    EXPECT_EQ(::shutdown(peer.get(), SHUT_WR), 0);
    EXPECT_TRUE(complete(*loop, wait(*stream, Readiness::readable, never)));
    EXPECT_EQ(stream->try_read(buffer)->count, 0U);
}

TEST_F(SocketStreamTest, AfterTheEndWasAnnouncedAShortReadIsFollowedByTheEnd) {
    wait_in_vain();
    peer_sends("last words");
    EXPECT_EQ(::shutdown(peer.get(), SHUT_WR), 0);
    EXPECT_FALSE(stream->peer_gone());
    turn();
    EXPECT_TRUE(stream->peer_gone());
    EXPECT_EQ(stream->try_read(buffer)->count, 10U);
    EXPECT_TRUE(is_readable());
    const auto end = stream->try_read(buffer);
    ASSERT_TRUE(end);
    EXPECT_EQ(end->count, 0U);
    EXPECT_EQ(end->blocked_on, Readiness::none);
}

TEST_F(SocketStreamTest, TheEndIsFoundToo_WhenTheShortReadCameBeforeItsEvent) {
    peer_sends("last words");
    EXPECT_EQ(::shutdown(peer.get(), SHUT_WR), 0);
    EXPECT_EQ(stream->try_read(buffer)->count, 10U);
    EXPECT_FALSE(is_readable());
    EXPECT_TRUE(complete(*loop, wait(*stream, Readiness::readable, never)));
    EXPECT_EQ(stream->try_read(buffer)->count, 0U);
}

TEST_F(SocketStreamTest, WouldBlockOnWritingIsRememberedUntilThereIsRoom) {
    std::string much(100'000, 'x');
    const iovec part{much.data(), much.size()};
    Readiness blocked_on = Readiness::none;
    while (blocked_on == Readiness::none) {
        blocked_on = stream->try_write({&part, 1})->blocked_on;
        turn();
    }
    EXPECT_EQ(blocked_on, Readiness::writable);
    EXPECT_FALSE(is_writable());
    EXPECT_EQ(complete(*loop, wait(*stream, Readiness::writable, loop->now())).error().code, std::errc::timed_out);
    while (::recv(peer.get(), much.data(), much.size(), 0) > 0) {
    }
    turn();
    EXPECT_TRUE(is_writable());
}

TEST_F(SocketStreamTest, OneTurnMovesABoundedShare) {
    char octet = 'x';
    const iovec part{&octet, 1};
    int moved = 0;
    while (stream->try_write({&part, 1})->count == 1 && moved < 10'000) {
        EXPECT_EQ(::recv(peer.get(), buffer, sizeof buffer, 0), 1);
        ++moved;
    }
    EXPECT_EQ(moved, 128);
    EXPECT_FALSE(is_writable());
    EXPECT_FALSE(is_readable());
    turn();
    EXPECT_TRUE(is_writable());
    EXPECT_EQ(stream->try_write({&part, 1})->count, 1U);
}

Task<> echo_forever(SocketStream& stream, const sys::Fd& peer, int& rounds) {
    char octet = 'x';
    for (rounds = 0; rounds < 1000; ++rounds) {
        iovec part{&octet, 1};
        const auto written = co_await write_all(stream, {&part, 1}, milliseconds{1000});
        EXPECT_TRUE(written);
        EXPECT_EQ(::recv(peer.get(), &octet, 1, 0), 1);
    }
}

TEST_F(SocketStreamTest, OneThatIsAlwaysReadyYieldsToOthers) {
    int rounds = 0;
    const auto start = loop->now();
    Scope scope;
    scope.spawn(echo_forever(*stream, peer, rounds));
    EXPECT_EQ(rounds, 128);
    turn();
    EXPECT_EQ(rounds, 256);
    while (scope.task_count() > 0) loop->turn(never);
    EXPECT_EQ(rounds, 1000);
    EXPECT_EQ(loop->now(), start);
}

TEST_F(SocketStreamTest, UnreadableMemoryIsAnErrorNotAWait) {
    // As content of a file that was truncated after it was mapped.
    auto* const memory = static_cast<char*>(::mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ASSERT_EQ(::mprotect(memory + 4096, 4096, PROT_NONE), 0);
    iovec parts[] = {{memory, 4096}, {memory + 4096, 4096}};
    const auto start = loop->now();
    const auto written = complete(*loop, write_all(*stream, parts, milliseconds{1000}));
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, std::errc::bad_address);
    EXPECT_EQ(loop->now(), start);
    ::munmap(memory, 8192);
}

TEST_F(SocketStreamTest, ADescriptorThatCannotBeWatchedShowsAtTheFirstOperation) {
    SocketStream broken{*loop, nullptr, sys::Fd{}};
    const auto attempt = broken.try_read(buffer);
    ASSERT_FALSE(attempt);
    EXPECT_EQ(attempt.error().code, std::errc::bad_file_descriptor);
    char octet;
    EXPECT_FALSE(complete(*loop, read_some(broken, {&octet, 1}, never)));
}

TEST_F(SocketStreamTest, OneThatCannotBeWatchedShowsAfterTheWait) {
    EXPECT_EQ(stream->try_read(buffer)->blocked_on, Readiness::readable);
    const sys::Fd null{::open("/dev/null", O_RDONLY | O_CLOEXEC)};  // epoll refuses files
    ASSERT_NE(::dup3(null.get(), stream->descriptor().get(), O_CLOEXEC), -1);
    EXPECT_TRUE(complete(*loop, wait(*stream, Readiness::readable, never)));
    EXPECT_EQ(stream->try_read(buffer).error().code, std::errc::operation_not_permitted);
}

Task<> wait_for(Stream& stream, Readiness readiness, Deadline deadline, Result<>& outcome, bool& done) {
    outcome = co_await stream.ready(readiness, deadline);
    done = true;
}

TEST_F(SocketStreamTest, ATimeoutOfOneSideLeavesTheOtherWaiting) {
    std::string much(1 << 20, 'x');
    const iovec part{much.data(), much.size()};
    while (stream->try_write({&part, 1})->blocked_on == Readiness::none) turn();
    (void)stream->try_read(buffer);
    Result<> reader, writer;
    bool reader_done = false, writer_done = false;
    const auto start = loop->now();
    Scope scope;
    scope.spawn(wait_for(*stream, Readiness::readable, start + milliseconds{10}, reader, reader_done));
    scope.spawn(wait_for(*stream, Readiness::writable, start + milliseconds{30}, writer, writer_done));
    while (!reader_done) loop->turn(never);
    EXPECT_EQ(loop->now() - start, milliseconds{10});
    EXPECT_EQ(reader.error().code, std::errc::timed_out);
    EXPECT_FALSE(writer_done);
    scope.spawn(wait_for(*stream, Readiness::readable, start + milliseconds{20}, reader, reader_done = false));
    while (!reader_done) loop->turn(never);
    EXPECT_EQ(loop->now() - start, milliseconds{20}) << "an earlier deadline moves the timer";
    while (!writer_done) loop->turn(never);
    EXPECT_EQ(loop->now() - start, milliseconds{30});
    EXPECT_EQ(writer.error().code, std::errc::timed_out);
}

struct Sleeper final : Wakeable {
    void woken() override { ++times; }
    int times = 0;
};

TEST_F(SocketStreamTest, AnObjectWaitsWithoutACoroutine) {
    Sleeper sleeper;
    EXPECT_EQ(stream->try_read(buffer)->blocked_on, Readiness::readable);
    stream->wait(Readiness::readable, never, sleeper);
    turn();
    EXPECT_EQ(sleeper.times, 0);
    peer_sends("x");
    turn();
    EXPECT_EQ(sleeper.times, 1);
    EXPECT_TRUE(stream->outcome(Readiness::readable));
    EXPECT_EQ(stream->try_read(buffer)->count, 1U);

    const auto start = loop->now();
    stream->wait(Readiness::readable, start + milliseconds{10}, sleeper);
    while (sleeper.times < 2) loop->turn(never);
    EXPECT_EQ(loop->now() - start, milliseconds{10});
    EXPECT_EQ(stream->outcome(Readiness::readable).error().code, std::errc::timed_out);

    stream->wait(Readiness::readable, never, sleeper);
    stream->cancel();
    EXPECT_EQ(sleeper.times, 2) << "woken within cancel()";
    turn();
    EXPECT_EQ(sleeper.times, 3);
    EXPECT_EQ(stream->outcome(Readiness::readable).error().code, std::errc::operation_canceled);
}

}  // namespace
}  // namespace webserv::io
