// h1/client_connection_test.cpp: requests and responses on a stream in memory, seen from the client.
// Time is simulated; each test also runs with a stream that moves octets in small pieces and refuses attempts at random.
#include "h1/client_connection.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "h1/request_writer.hpp"
#include "io/complete.hpp"
#include "io/memory_stream.hpp"

namespace webserv::h1 {
namespace {

using namespace std::chrono_literals;
using Kind = ResponseFailure::Kind;

class ClientConnectionTest : public testing::TestWithParam<bool> {
protected:
    ClientConnectionTest() {
        io::Faults faults;
        if (GetParam()) faults = {.seed = 11, .short_transfers = 60, .refusals = 30, .crossed_refusals = 10, .delay_max = 5ms};
        std::tie(client_, server_) = io::MemoryStream::make_pair(*loop_, nullptr, faults);
        connection_ = std::make_unique<ClientConnection>(*client_);
    }

    io::Deadline in(std::chrono::milliseconds time) const { return loop_->now() + time; }

    // What the server says.
    void answer(std::string_view octets) {
        std::array<iovec, 1> parts{{{const_cast<char*>(octets.data()), octets.size()}}};
        ASSERT_TRUE(io::complete(*loop_, io::write_all(*server_, parts, 10s)));
    }
    void end() { ASSERT_TRUE(server_->finish_writing()); }

    std::expected<http::ReceivedResponse, ResponseFailure> read_head(http::Method method = http::Method::get) {
        const ResponseLimits limits;
        return io::complete(*loop_, connection_->read_head(limits, method, arena_, in(1s)));
    }
    int status(http::Method method = http::Method::get) {
        const auto response = read_head(method);
        return response ? response->status : -1 - static_cast<int>(response.error().kind);
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

    std::unique_ptr<io::Loop> loop_ = std::move(*io::Loop::create({.simulated_time = true}));
    Arena arena_;
    std::unique_ptr<io::MemoryStream> client_, server_;
    std::unique_ptr<ClientConnection> connection_;
};

TEST_P(ClientConnectionTest, ReadsResponsesOneAfterTheOther) {
    answer(
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nde\r\n1\r\nf\r\n0\r\nA: b\r\nC:\r\n\r\n"
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\nHTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n"
        "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nHTTP/1.0 200 OK\r\n\r\nto the end");
    end();
    EXPECT_EQ(status(), 200);
    EXPECT_EQ(connection_->content().length(), 3U);
    EXPECT_EQ(read_content(2), "abc");
    EXPECT_EQ(connection_->content().length(), 0U);
    EXPECT_EQ(status(), 200);
    EXPECT_EQ(connection_->content().length(), std::nullopt);
    EXPECT_EQ(connection_->content().trailers(), "");
    EXPECT_EQ(read_content(), "def");
    EXPECT_EQ(connection_->content().trailers(), "A: b\r\nC:\r\n");
    EXPECT_EQ(status(), 404);
    EXPECT_EQ(read_content(), "");
    EXPECT_EQ(connection_->content().trailers(), "");
    EXPECT_EQ(status(), 204);
    EXPECT_EQ(read_content(), "");
    EXPECT_EQ(status(http::Method::head), 200);
    EXPECT_EQ(read_content(), "");
    EXPECT_EQ(status(), 200);
    EXPECT_EQ(read_content(), "to the end");
    EXPECT_FALSE(connection_->persists());
}

TEST_P(ClientConnectionTest, KeepsTheHeadWhileContentIsRead) {
    const std::string content(50'000, 'x');
    answer("HTTP/1.1 200 Fine\r\nX-Field: value\r\nContent-Length: 50000\r\n\r\n" + content);
    const auto response = read_head();
    ASSERT_TRUE(response);
    EXPECT_EQ(read_content(), content);
    EXPECT_EQ(response->reason, "Fine");
    EXPECT_EQ(response->fields.find("x-field"), "value");
    EXPECT_EQ(connection_->head_octets(), "HTTP/1.1 200 Fine\r\nX-Field: value\r\nContent-Length: 50000\r\n\r\n");
    EXPECT_TRUE(connection_->persists());
}

TEST_P(ClientConnectionTest, GivesInterimResponsesFirst) {
    answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    EXPECT_EQ(status(), 100);
    const auto hints = read_head();
    ASSERT_TRUE(hints);
    EXPECT_TRUE(hints->is_interim());
    EXPECT_EQ(hints->fields.find("link"), "</a>");
    EXPECT_EQ(status(), 200);
    EXPECT_EQ(read_content(), "x");
    EXPECT_TRUE(connection_->persists());
}

TEST_P(ClientConnectionTest, BoundsInterimResponses) {
    std::string all;
    for (int i = 0; i < 65; ++i) all += "HTTP/1.1 100 Continue\r\n\r\n";
    answer(all);
    for (int i = 0; i < 64; ++i) EXPECT_EQ(status(), 100);
    const auto response = read_head();
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, Kind::malformed);
    EXPECT_EQ(response.error().what, ResponseError::too_many_interim);
}

TEST_P(ClientConnectionTest, TellsHowAHeadFailed) {
    const auto no_answer = read_head();  // silence
    ASSERT_FALSE(no_answer);
    EXPECT_EQ(no_answer.error().kind, Kind::failed);
    EXPECT_EQ(no_answer.error().error.code, std::errc::timed_out);
    answer("HTTP/1.1 200");
    end();
    const auto cut = read_head();
    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().kind, Kind::cut);
    EXPECT_EQ(cut.error().received, 12U);
}

TEST_P(ClientConnectionTest, TellsAnEmptyAnswer) {
    end();
    const auto closed = read_head();
    ASSERT_FALSE(closed);
    EXPECT_EQ(closed.error().kind, Kind::closed);
    EXPECT_EQ(closed.error().received, 0U);
}

TEST_P(ClientConnectionTest, RefusesWhatIsNoResponse) {
    answer("220 mail.example.org ESMTP\r\n");
    const auto refused = read_head();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Kind::malformed);
    EXPECT_EQ(refused.error().what, ResponseError::not_http);
}

TEST_P(ClientConnectionTest, RefusesAnEndlessHead) {
    answer("HTTP/1.1 200 OK\r\nX: " + std::string(60'000, 'x'));
    const ResponseLimits limits{.head_bytes_max = 40'000};
    const auto refused = io::complete(*loop_, connection_->read_head(limits, http::Method::get, arena_, in(1s)));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().what, ResponseError::head_too_large);
}

TEST_P(ClientConnectionTest, TellsMissingContent) {
    answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
    end();
    EXPECT_EQ(status(), 200);
    EXPECT_EQ(read_content(), "aberror: Software caused connection abort");
    EXPECT_FALSE(connection_->persists());
}

TEST_P(ClientConnectionTest, TellsMissingChunks) {
    answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n");
    end();
    EXPECT_EQ(status(), 200);
    EXPECT_EQ(read_content(), "abcdeerror: Software caused connection abort");
}

TEST_P(ClientConnectionTest, TellsWrongChunks) {
    answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabX");
    EXPECT_EQ(status(), 200);
    EXPECT_EQ(read_content(), "aberror: Bad message");
}

TEST_P(ClientConnectionTest, WaitsForContentOnlySoLong) {
    answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
    EXPECT_EQ(status(), 200);
    connection_->content().set_patience(100ms);
    EXPECT_EQ(read_content(), "aberror: Connection timed out");
}

TEST_P(ClientConnectionTest, ContentHasADeadline) {
    answer("HTTP/1.1 200 OK\r\n\r\nab");
    EXPECT_EQ(status(), 200);
    connection_->content().set_deadline(in(100ms));
    EXPECT_EQ(read_content(), "aberror: Connection timed out");
}

// Content that nobody reads stays with the server: a buffer here, what the stream holds, and no more.
TEST_P(ClientConnectionTest, ASlowReaderSlowsTheServerDown) {
    const std::string content(1'000'000, 'x');
    answer("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    const auto send = [](io::Stream& stream, std::string_view octets) -> Task<> {
        std::array<iovec, 1> parts{{{const_cast<char*>(octets.data()), octets.size()}}};
        (void)co_await io::write_all(stream, parts, 100s);
    };
    io::Scope sender;
    sender.spawn(send(*server_, content));
    EXPECT_EQ(status(), 200);
    const auto first = io::complete(*loop_, connection_->content().next(1));
    ASSERT_TRUE(first);
    loop_->turn(in(50ms));
    loop_->turn(in(50ms));
    EXPECT_GT(sender.task_count(), 0U);
    EXPECT_LT(server_->octets_written(), 100'000U);
    EXPECT_EQ(read_content(50'000).size(), content.size() - 1);
    while (sender.task_count() > 0) loop_->turn(io::never);
}

TEST_P(ClientConnectionTest, CancelledContentIsNotRead) {
    answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde");
    EXPECT_EQ(status(), 200);
    connection_->content().cancel();
    EXPECT_EQ(read_content(), "error: Operation canceled");
    EXPECT_FALSE(connection_->persists());
}

TEST_P(ClientConnectionTest, ATunnelFollowsAnUpgrade) {
    answer("HTTP/1.1 101 Switching Protocols\r\nContent-Length: 1\r\n\r\nother words");
    end();
    EXPECT_EQ(status(), 101);
    EXPECT_EQ(read_content(), "other words");
    EXPECT_FALSE(connection_->persists());
}

TEST_P(ClientConnectionTest, PersistsOnlyIfBothWantIt) {
    answer("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(status(), 200);
    EXPECT_EQ(read_content(), "");
    EXPECT_FALSE(connection_->persists());
}

TEST_P(ClientConnectionTest, DoesNotPersistBehindUnaskedOctets) {
    answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n");
    EXPECT_EQ(status(), 200);
    EXPECT_EQ(read_content(), "");
    if (!GetParam()) {  // else they may not have come yet
        EXPECT_FALSE(connection_->persists());
    }
}

TEST_P(ClientConnectionTest, WritesHeadAndContent) {
    http::FieldSection fields{arena_};
    fields.add("Host", "a");
    const auto head =
        render_request_head({.method = "POST", .target = "/", .fields = fields, .framing = Framing::length, .content_length = 5}, arena_);
    ASSERT_TRUE(head);
    io::MemorySource content{"hello"};
    const Sent sent = io::complete(*loop_, connection_->write(*head, Framing::length, 5, &content, 1s));
    EXPECT_TRUE(sent.outcome);
    EXPECT_EQ(sent.content_bytes, 5U);
    io::MemorySource chunk{"abc"};
    EXPECT_TRUE(io::complete(*loop_, connection_->write({}, Framing::chunked, 0, &chunk, 1s)).outcome);

    std::string received;
    const std::string expected = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello3\r\nabc\r\n0\r\n\r\n";
    while (received.size() < expected.size()) {
        char piece[64];
        const auto count = io::complete(*loop_, io::read_some(*server_, piece, in(1s)));
        ASSERT_TRUE(count && *count > 0);
        received.append(piece, *count);
    }
    EXPECT_EQ(received, expected);
}

INSTANTIATE_TEST_SUITE_P(Streams, ClientConnectionTest, testing::Bool(),
                         [](const auto& parameter) { return parameter.param ? "Faulty" : "Clean"; });

}  // namespace
}  // namespace webserv::h1
