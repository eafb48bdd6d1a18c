// io/stream_test.cpp: the same cases against a local socket pair, TCP, and the memory stream with and without faults.
// What holds here is what protocols may rely on, whatever carries them.
#include "io/stream.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>

#include "io/complete.hpp"
#include "io/memory_stream.hpp"
#include "io/sleep.hpp"
#include "io/socket_stream.hpp"

namespace webserv::io {
namespace {

using std::chrono::milliseconds;

struct Pair {
    std::unique_ptr<Stream> near, far;
};

struct Kind {
    const char* name;
    bool simulated_time;
    std::function<Pair(Loop&, Scope*)> make;
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

Pair local_sockets(Loop& loop, Scope* scope) {
    int numbers[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, numbers), 0);
    auto near = std::make_unique<SocketStream>(loop, scope, sys::Fd{numbers[0]});
    return {std::move(near), std::make_unique<SocketStream>(loop, scope, sys::Fd{numbers[1]})};
}

Pair tcp_sockets(Loop& loop, Scope* scope) {
    const sys::Fd listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener.get(), raw, size), 0);
    EXPECT_EQ(::listen(listener.get(), 1), 0);
    EXPECT_EQ(::getsockname(listener.get(), raw, &size), 0);
    sys::Fd near{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    EXPECT_EQ(::connect(near.get(), raw, size), 0);
    EXPECT_EQ(::fcntl(near.get(), F_SETFL, O_NONBLOCK), 0);
    sys::Fd far{::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    auto stream = std::make_unique<SocketStream>(loop, scope, std::move(near));
    return {std::move(stream), std::make_unique<SocketStream>(loop, scope, std::move(far))};
}

std::function<Pair(Loop&, Scope*)> memory(const Faults& faults) {
    return [faults](Loop& loop, Scope* scope) {
        auto [near, far] = MemoryStream::make_pair(loop, scope, faults);
        return Pair{std::move(near), std::move(far)};
    };
}

const Kind kinds[] = {
    {"local", true, local_sockets},
    {"tcp", false, tcp_sockets},
    {"memory", true, memory({})},
    {"memory_with_faults", true, memory({.seed = 3, .short_transfers = 40, .refusals = 30, .capacity_bytes = 20'000})},
};

class StreamCases : public testing::TestWithParam<Kind> {
protected:
    StreamCases() {
        ::signal(SIGPIPE, SIG_IGN);
        auto created = Loop::create({.simulated_time = GetParam().simulated_time});
        EXPECT_TRUE(created);
        loop = std::move(*created);
        pair = GetParam().make(*loop, &scope);
    }
    [[nodiscard]] Deadline in(int time) const { return loop->now() + milliseconds{time}; }

    std::unique_ptr<Loop> loop;
    Scope scope;
    Pair pair;
};

constexpr milliseconds patient{10'000};

Task<Result<std::uint64_t>> write_text(Stream& stream, std::string text, milliseconds patience) {
    iovec parts[] = {{text.data(), text.size() / 3}, {nullptr, 0}, {text.data() + text.size() / 3, text.size() - text.size() / 3}};
    const auto written = co_await write_all(stream, parts, patience);
    co_return written;
}

/// Reads to the end of input, or an error, or `bytes_max`.
Task<Result<std::string>> read_text(Stream& stream, std::size_t buffer_bytes, Deadline deadline, std::size_t bytes_max = SIZE_MAX) {
    std::string buffer(buffer_bytes, '\0');
    std::string text;
    while (text.size() < bytes_max) {
        const auto count = co_await read_some(stream, buffer, deadline);
        if (!count) co_return std::unexpected{count.error()};
        if (*count == 0) break;
        text.append(buffer, 0, *count);
    }
    co_return text;
}

std::string sample(std::size_t bytes) {
    std::string text(bytes, '\0');
    std::uint32_t state = 1;
    for (char& c : text) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
    return text;
}

/// A file without a name that holds `content`.
sys::Fd make_file(std::string_view content) {
    sys::Fd file{::memfd_create("stream_test", MFD_CLOEXEC)};
    EXPECT_EQ(::pwrite(file.get(), content.data(), content.size(), 0), static_cast<ssize_t>(content.size()));
    return file;
}

Task<> write_and_finish(Stream& stream, std::string text, Result<std::uint64_t>& outcome) {
    outcome = co_await write_text(stream, std::move(text), patient);
    EXPECT_TRUE(stream.finish_writing());
}

Task<> read_into(Stream& stream, std::size_t buffer_bytes, Deadline deadline, Result<std::string>& text) {
    text = co_await read_text(stream, buffer_bytes, deadline);
}

TEST_P(StreamCases, MovesMuchBothWaysAtOnceAndFindsTheEnd) {
    const std::string to_far = sample(3 << 20), to_near = sample(700'001);
    Result<std::uint64_t> sent_far, sent_near;
    Result<std::string> at_far, at_near;
    scope.spawn(write_and_finish(*pair.near, to_far, sent_far));
    scope.spawn(write_and_finish(*pair.far, to_near, sent_near));
    scope.spawn(read_into(*pair.far, 100'000, never, at_far));
    scope.spawn(read_into(*pair.near, 333, never, at_near));
    while (scope.task_count() > 0) loop->turn(never);
    EXPECT_EQ(sent_far, to_far.size());
    EXPECT_EQ(sent_near, to_near.size());
    ASSERT_TRUE(at_far && at_near);
    EXPECT_TRUE(*at_far == to_far && *at_near == to_near);
    EXPECT_TRUE(pair.near->peer_gone() && pair.far->peer_gone());
    const auto again = complete(*loop, read_text(*pair.near, 10, in(1000)));
    EXPECT_EQ(again, "") << "the end stays the end";
}

TEST_P(StreamCases, SendsAFile) {
    const std::string content = sample(5 << 20);
    const sys::Fd file = make_file(content);
    Result<std::string> received;
    scope.spawn(read_into(*pair.far, 60'000, never, received));
    FileSlice slice{.offset = 1000, .length = content.size() - 3000};
    EXPECT_TRUE(complete(*loop, send_file(*pair.near, file, slice, patient)));
    EXPECT_EQ(slice.length, 0);
    EXPECT_TRUE(pair.near->finish_writing());
    while (scope.task_count() > 0) loop->turn(never);
    ASSERT_TRUE(received);
    EXPECT_TRUE(*received == std::string_view{content}.substr(1000, content.size() - 3000));
}

TEST_P(StreamCases, NoticesThatAFileWasTruncated) {
    const sys::Fd file = make_file("12345");
    FileSlice slice{.offset = 0, .length = 6};
    const auto sent = complete(*loop, send_file(*pair.near, file, slice, patient));
    ASSERT_FALSE(sent);
    EXPECT_EQ(slice.length, 1) << "five octets were there, and have left";
    EXPECT_EQ(sent.error().code, std::errc::io_error);
    EXPECT_EQ(complete(*loop, read_text(*pair.far, 100, in(5000), 5)), "12345");
}

TEST_P(StreamCases, ReadingTimesOutAndMayBeTriedAgain) {
    const auto start = loop->now();
    const auto nothing = complete(*loop, read_text(*pair.near, 10, in(50)));
    ASSERT_FALSE(nothing);
    EXPECT_EQ(nothing.error(), (Error{std::errc::timed_out, Blame::downstream}));
    EXPECT_GE(loop->now() - start, milliseconds{50});
    EXPECT_EQ(complete(*loop, write_text(*pair.far, "late", patient)), 4U);
    EXPECT_EQ(complete(*loop, read_text(*pair.near, 10, in(50), 4)), "late");
}

Task<> trickle(Loop& loop, Stream& stream, int count, milliseconds pause) {
    for (int i = 0; i < count; ++i) {
        const auto slept = co_await sleep_until(loop, nullptr, loop.now() + pause);
        EXPECT_TRUE(slept);
        const auto written = co_await write_text(stream, "x", patient);
        EXPECT_TRUE(written);
    }
}

TEST_P(StreamCases, ATricklingPeerDoesNotExtendADeadline) {
    const auto start = loop->now();
    scope.spawn(trickle(*loop, *pair.far, 30, milliseconds{5}));
    const auto text = complete(*loop, read_text(*pair.near, 10, in(52)));
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().code, std::errc::timed_out);
    EXPECT_GE(loop->now() - start, milliseconds{52});
    EXPECT_LT(loop->now() - start, milliseconds{140});
    while (scope.task_count() > 0) loop->turn(never);
}

TEST_P(StreamCases, AnEarlierDeadlineComesBeforeAnArmedLaterOne) {
    Result<std::string> later, sooner;
    const auto start = loop->now();
    EXPECT_EQ(complete(*loop, write_text(*pair.far, "x", patient)), 1U);
    EXPECT_EQ(complete(*loop, read_text(*pair.near, 10, in(60'000), 1)), "x");
    scope.spawn(read_into(*pair.near, 10, start + milliseconds{40}, sooner));
    scope.spawn(read_into(*pair.far, 10, start + milliseconds{80}, later));
    while (later) loop->turn(never);
    EXPECT_FALSE(sooner);
    EXPECT_GE(loop->now() - start, milliseconds{80});
    EXPECT_LT(loop->now() - start, milliseconds{20'000});
}

TEST_P(StreamCases, WritingTimesOutWhenNobodyReads) {
    const auto start = loop->now();
    const auto written = complete(*loop, write_text(*pair.near, sample(20 << 20), milliseconds{50}));
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, std::errc::timed_out);
    EXPECT_GE(loop->now() - start, milliseconds{50});
}

Task<> read_slowly(Loop& loop, Stream& stream, milliseconds pause, std::size_t& received) {
    std::string buffer(1 << 20, '\0');
    for (;;) {
        const auto slept = co_await sleep_until(loop, nullptr, loop.now() + pause);
        EXPECT_TRUE(slept);
        const auto count = co_await read_some(stream, buffer, never);
        if (!count || *count == 0) co_return;
        received += *count;
    }
}

TEST_P(StreamCases, PatienceIsBetweenTwoWritesNotForAll) {
    if (!GetParam().simulated_time) GTEST_SKIP() << "takes long";
    const auto start = loop->now();
    std::size_t received = 0;
    scope.spawn(read_slowly(*loop, *pair.far, milliseconds{900}, received));
    const auto written = complete(*loop, write_text(*pair.near, sample(4 << 20), milliseconds{1000}));
    EXPECT_EQ(written, 4U << 20);
    EXPECT_GT(loop->now() - start, milliseconds{1000});
    EXPECT_TRUE(pair.near->finish_writing());
    while (scope.task_count() > 0) loop->turn(never);
    EXPECT_EQ(received, 4U << 20);
}

Task<> note_error(Task<Result<std::uint64_t>> task, std::errc& code) {
    const auto outcome = co_await task;
    code = outcome ? std::errc{} : outcome.error().code;
}
Task<> note_read_error(Task<Result<std::string>> task, std::errc& code) {
    const auto outcome = co_await task;
    code = outcome ? std::errc{} : outcome.error().code;
}

TEST_P(StreamCases, CancelEndsTheReaderAndTheWriterAndWhatComesLater) {
    std::errc reader{}, writer{}, later{};
    scope.spawn(note_read_error(read_text(*pair.near, 10, never), reader));
    scope.spawn(note_error(write_text(*pair.near, sample(20 << 20), milliseconds::max()), writer));
    for (int i = 0; i < 200; ++i) loop->turn(loop->now());
    EXPECT_EQ(scope.task_count(), 2U);
    scope.cancel();
    EXPECT_EQ(scope.task_count(), 2U) << "resumed within cancel()";
    loop->turn(loop->now());
    EXPECT_EQ(scope.task_count(), 0U);
    EXPECT_EQ(reader, std::errc::operation_canceled);
    EXPECT_EQ(writer, std::errc::operation_canceled);
    scope.spawn(note_read_error(read_text(*pair.near, 10, never), later));
    loop->turn(loop->now());
    EXPECT_EQ(later, std::errc::operation_canceled);
    pair = GetParam().make(*loop, &scope);
    later = {};
    scope.spawn(note_read_error(read_text(*pair.near, 10, never), later));
    loop->turn(loop->now());
    EXPECT_EQ(later, std::errc::operation_canceled) << "born in a cancelled scope";
}

TEST_P(StreamCases, WritingToAPeerThatIsGoneFails) {
    pair.far.reset();
    const auto written = complete(*loop, write_text(*pair.near, sample(20 << 20), patient));
    ASSERT_FALSE(written);
    EXPECT_TRUE(written.error().code == std::errc::broken_pipe || written.error().code == std::errc::connection_reset);
    EXPECT_EQ(written.error().blame, Blame::downstream);
    EXPECT_TRUE(pair.near->peer_gone());
    const sys::Fd file = make_file("x");
    FileSlice slice{.offset = 0, .length = 1};
    EXPECT_FALSE(complete(*loop, send_file(*pair.near, file, slice, patient)));
}

Task<> read_then_destroy(std::unique_ptr<Stream>& stream) {
    char octet;
    const auto count = co_await read_some(*stream, {&octet, 1}, never);
    EXPECT_TRUE(count && *count == 1);
    stream.reset();
}

TEST_P(StreamCases, TheResumedCoroutineMayDestroyTheStream) {
    scope.spawn(read_then_destroy(pair.near));
    loop->turn(loop->now());
    EXPECT_EQ(complete(*loop, write_text(*pair.far, "x", patient)), 1U);
    while (scope.task_count() > 0) loop->turn(never);
    EXPECT_EQ(pair.near, nullptr);
}

Task<> time_out_then_destroy(std::unique_ptr<Stream>& stream, Deadline deadline) {
    char octet;
    const auto count = co_await read_some(*stream, {&octet, 1}, deadline);
    EXPECT_FALSE(count);
    stream.reset();
}

TEST_P(StreamCases, SoMayOneThatTimedOut) {
    complete(*loop, time_out_then_destroy(pair.near, in(10)));
    EXPECT_EQ(pair.near, nullptr);
}

INSTANTIATE_TEST_SUITE_P(Stream, StreamCases, testing::ValuesIn(kinds), [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace webserv::io
