// h1/connection_test.cpp: requests on a stream in memory: heads, content, pipelining, patience, closing.
// Time is simulated, so a test of a timeout takes none.
#include "h1/connection.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "io/complete.hpp"
#include "io/memory_stream.hpp"

namespace webserv::h1 {
namespace {

using namespace std::chrono_literals;
using Kind = ReadFailure::Kind;

// A connection and its client, on a loop whose time is simulated. Each test also runs with a stream that moves octets in
// small pieces and refuses attempts at random.
class ConnectionTest : public testing::TestWithParam<bool> {
protected:
    ConnectionTest() {
        io::Faults faults;
        if (GetParam()) faults = {.seed = 7, .short_transfers = 60, .refusals = 30, .crossed_refusals = 10, .delay_max = 5ms};
        std::tie(client_, server_) = io::MemoryStream::make_pair(*loop_, nullptr, faults);
        connection_ = std::make_unique<Connection>(*server_);
    }

    io::Deadline in(std::chrono::milliseconds time) const { return loop_->now() + time; }

    void send(std::string_view octets) {
        std::array<iovec, 1> parts{{{const_cast<char*>(octets.data()), octets.size()}}};
        ASSERT_TRUE(io::complete(*loop_, io::write_all(*client_, parts, 10s)));
    }
    std::string receive(std::size_t bytes) {
        std::string octets;
        while (octets.size() < bytes) {
            char piece[256];
            const auto count =
                io::complete(*loop_, io::read_some(*client_, {piece, std::min(sizeof piece, bytes - octets.size())}, in(1s)));
            if (!count || *count == 0) break;
            octets.append(piece, *count);
        }
        return octets;
    }
    bool client_has_octets() { return io::complete(*loop_, wait_readable(*client_, in(100ms))); }
    static Task<bool> wait_readable(io::Stream& stream, io::Deadline deadline) {
        const auto ready = co_await stream.ready(io::Readiness::readable, deadline);
        co_return ready.has_value();
    }

    Result<http::Request, ReadFailure> read_head(std::chrono::milliseconds patience = 1s) {
        const HeadLimits limits;
        http::Request request{arena_};
        const auto read = io::complete(*loop_, connection_->read_head(request, limits, in(patience)));
        if (!read) return std::unexpected{read.error()};
        return request;
    }
    // All of the content; "error: ..." behind it, should there be one.
    std::string read_content(std::uint64_t piece_bytes_max = 1000) {
        std::string octets;
        for (;;) {
            const auto piece = io::complete(*loop_, connection_->content().next(piece_bytes_max));
            if (!piece) return octets + "error: " + std::make_error_code(piece.error().code).message();
            if (piece->is_end()) return octets;
            EXPECT_LE(piece->bytes.size(), piece_bytes_max);
            octets += piece->bytes;
        }
    }
    bool finish(std::uint64_t discard_bytes_max = 1000) {
        return io::complete(*loop_, connection_->finish_request(discard_bytes_max, in(1s)));
    }

    std::unique_ptr<io::Loop> loop_ = std::move(*io::Loop::create({.simulated_time = true}));
    Arena arena_;
    std::unique_ptr<io::MemoryStream> client_, server_;
    std::unique_ptr<Connection> connection_;
};

TEST_P(ConnectionTest, AnswersPipelinedRequestsInOrder) {
    send(
        "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
        "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\nGET /4 HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::pair<std::string_view, std::string_view> expected[] = {{"/1", ""}, {"/2", "abc"}, {"/3", "de"}, {"/4", ""}};
    for (const auto& [path, content] : expected) {
        ASSERT_TRUE(io::complete(*loop_, connection_->wait_for_request(in(1s))));
        const auto request = read_head();
        ASSERT_TRUE(request);
        EXPECT_EQ(request->path, path);
        EXPECT_EQ(read_content(), content);
        EXPECT_EQ(request->path, path);  // still there after reading
        EXPECT_TRUE(finish());
    }
    const auto next = io::complete(*loop_, connection_->wait_for_request(in(1s)));
    ASSERT_FALSE(next);
    EXPECT_EQ(next.error().code, std::errc::timed_out);
}

TEST_P(ConnectionTest, BeginsWithWhatSomebodyElseHasRead) {
    const std::string padding(3000, 'x');  // more than the first buffer holds
    const std::string first = "GET /1 HTTP/1.1\r\nHost: a\r\nX: " + padding + "\r\n\r\nGET /2 HT";
    connection_->begin_with(first);
    send("TP/1.1\r\nHost: a\r\n\r\n");
    for (const std::string_view path : {"/1", "/2"}) {
        ASSERT_TRUE(io::complete(*loop_, connection_->wait_for_request(in(1s))));
        const auto request = read_head();
        ASSERT_TRUE(request);
        EXPECT_EQ(request->path, path);
        EXPECT_TRUE(finish());
    }
}

TEST_P(ConnectionTest, KeepsTheHeadWhileLargeContentIsRead) {
    const std::string content(50'000, 'x');
    send("POST /up?a=b HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n" + content + "GET /next HTTP/1.1\r\nHost: b\r\n\r\n");
    const auto request = read_head();
    ASSERT_TRUE(request);
    EXPECT_EQ(connection_->content().length(), 50'000U);
    EXPECT_EQ(read_content(), content);
    EXPECT_EQ(request->line, "POST /up?a=b HTTP/1.1");
    EXPECT_EQ(request->fields.find("content-length"), "50000");
    EXPECT_EQ(connection_->request_bytes(), 57U + 50'000U);
    EXPECT_TRUE(finish());
    const auto next = read_head();
    ASSERT_TRUE(next);
    EXPECT_EQ(next->path, "/next");
}

TEST_P(ConnectionTest, GrowsForALongHead) {
    const std::string value(7000, 'v');
    send("GET / HTTP/1.1\r\nHost: a\r\nA: " + value + "\r\nB: " + value + "\r\nC: " + value + "\r\n\r\n");
    const auto request = read_head();
    ASSERT_TRUE(request);
    EXPECT_EQ(request->fields.find("c"), value);
    EXPECT_TRUE(finish());
}

TEST_P(ConnectionTest, RefusesAHeadWithoutBound) {
    const std::string value(7000, 'v');
    std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (int i = 0; i < 7; ++i) head += "A: " + value + "\r\n";
    send(head);
    const auto request = read_head();
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().kind, Kind::malformed);
    EXPECT_EQ(request.error().error, HeadError::fields_too_large);
    EXPECT_EQ(connection_->request_line(), "GET / HTTP/1.1");
    EXPECT_FALSE(finish());
}

TEST_P(ConnectionTest, TellsWhyThereIsNoRequest) {
    send("GET / HT");
    const auto slow = read_head(1s);
    ASSERT_FALSE(slow);
    EXPECT_EQ(slow.error().kind, Kind::timed_out);
    EXPECT_EQ(connection_->request_line(), "GET / HT");
    ASSERT_TRUE(client_->finish_writing());
    EXPECT_EQ(read_head().error().kind, Kind::cut);
    server_->cancel();
    EXPECT_EQ(read_head().error().kind, Kind::canceled);
}

TEST_P(ConnectionTest, TakesAnEndBetweenRequestsCalmly) {
    send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(client_->finish_writing());
    ASSERT_TRUE(read_head());
    ASSERT_TRUE(finish());
    const auto end = io::complete(*loop_, connection_->wait_for_request(in(1s)));
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().code, std::errc::not_connected);
}

TEST_P(ConnectionTest, TakesAnEndAfterEmptyLinesCalmly) {
    send("\r\n");
    ASSERT_TRUE(client_->finish_writing());
    EXPECT_TRUE(io::complete(*loop_, connection_->wait_for_request(in(1s))));
    const auto request = read_head();
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().kind, Kind::closed);
}

TEST_P(ConnectionTest, SendsContinueOnlyWhenContentIsAwaited) {
    constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
    send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    ASSERT_TRUE(read_head());
    EXPECT_FALSE(client_has_octets());
    connection_->set_content_limits(0, 300ms);
    EXPECT_EQ(read_content(), "error: Connection timed out");
    EXPECT_EQ(receive(interim.size()), interim);
    EXPECT_FALSE(finish());  // the error is final
}

TEST_P(ConnectionTest, SendsNoContinueWhenContentHasCome) {
    if (GetParam()) GTEST_SKIP() << "the content may come later than the head";
    send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nab");
    ASSERT_TRUE(read_head());
    EXPECT_EQ(read_content(), "ab");
    EXPECT_FALSE(client_has_octets());
    EXPECT_TRUE(finish());
}

TEST_P(ConnectionTest, ClosesWhenTheExpectationWasNotMet) {
    send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    ASSERT_TRUE(read_head());
    EXPECT_FALSE(finish());
    EXPECT_FALSE(client_has_octets());
}

TEST_P(ConnectionTest, BoundsContent) {
    send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n");
    ASSERT_TRUE(read_head());
    connection_->set_content_limits(10, 60s);
    EXPECT_EQ(read_content(), "error: File too large");
    EXPECT_FALSE(finish());
    send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n");
    ASSERT_TRUE(read_head());
    connection_->set_content_limits(10, 60s);
    EXPECT_EQ(connection_->content().length(), std::nullopt);
    const auto piece = io::complete(*loop_, connection_->content().next(1000));
    ASSERT_TRUE(piece);
    send("5\r\nghijk\r\n0\r\n\r\n");
    EXPECT_TRUE(read_content().ends_with("error: File too large"));
    EXPECT_FALSE(finish());
}

TEST_P(ConnectionTest, NoticesBrokenContent) {
    send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabX");
    ASSERT_TRUE(read_head());
    EXPECT_EQ(read_content(), "aberror: Bad message");
    EXPECT_FALSE(finish());
    send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
    ASSERT_TRUE(client_->finish_writing());
    ASSERT_TRUE(read_head());
    EXPECT_EQ(read_content(1), "aberror: Connection reset by peer");
    EXPECT_FALSE(finish());
}

TEST_P(ConnectionTest, DiscardsALittleUnreadContent) {
    send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n" + std::string(2000, 'x') + "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(read_head());
    EXPECT_TRUE(finish(2000));
    const auto second = read_head();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->path, "/2");
    EXPECT_TRUE(finish(0));
    send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2001\r\n\r\n");
    ASSERT_TRUE(read_head());
    EXPECT_FALSE(finish(2000));
    send("POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\n");
    ASSERT_TRUE(read_head());
    EXPECT_FALSE(finish(4));
}

TEST_P(ConnectionTest, GivesUpDiscardingInTime) {
    send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n");
    ASSERT_TRUE(read_head());
    connection_->set_content_limits(0, 60s);
    const auto start = loop_->now();
    EXPECT_FALSE(finish());
    EXPECT_EQ(loop_->now() - start, 1s);
}

TEST_P(ConnectionTest, ClosesWithFinThenDrains) {
    send("GET / HTTP/1.1\r\nHost: a\r\n\r\n" + std::string(3000, 'x'));
    ASSERT_TRUE(read_head());
    const auto start = loop_->now();
    io::complete(*loop_, connection_->close_gracefully(in(30s), 5s));
    EXPECT_GE(loop_->now() - start, 5s);
    EXPECT_LT(loop_->now() - start, 6s);
    EXPECT_EQ(receive(1), "");  // the end of input, not a reset
    ASSERT_TRUE(client_->finish_writing());
    const auto again = loop_->now();
    io::complete(*loop_, connection_->close_gracefully(in(30s), 5s));
    EXPECT_LT(loop_->now() - again, 1s);
}

INSTANTIATE_TEST_SUITE_P(Streams, ConnectionTest, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& chosen) { return chosen.param ? "faulty" : "smooth"; });

}  // namespace
}  // namespace webserv::h1
