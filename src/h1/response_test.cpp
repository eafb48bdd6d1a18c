// h1/response_test.cpp: responses on a stream in memory: what arrives, in how many writes, and what is counted.
// Also what must not arrive: padding, octets beyond the length, a final chunk after an error.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <deque>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "h1/connection.hpp"
#include "io/complete.hpp"
#include "io/memory_stream.hpp"

namespace webserv::h1 {
namespace {

using namespace std::chrono_literals;

// Gives prepared pieces, whatever was announced; then the end, or an error.
class PreparedSource final : public io::Source {
public:
    explicit PreparedSource(std::deque<std::string> pieces, bool fails = false) : pieces_{std::move(pieces)}, fails_{fails} {}
    [[nodiscard]] std::optional<std::uint64_t> length() const override { return std::nullopt; }
    Task<Result<io::Piece>> next(std::uint64_t) override {
        if (pieces_.empty()) {
            if (fails_) co_return std::unexpected{Error{.code = std::errc::io_error}};
            co_return io::Piece{};
        }
        present_ = std::move(pieces_.front());
        pieces_.pop_front();
        co_return io::Piece{.bytes = present_};
    }

private:
    std::deque<std::string> pieces_;
    std::string present_;
    bool fails_;
};

class ResponseTest : public testing::TestWithParam<bool> {
protected:
    ResponseTest() {
        io::Faults faults;
        if (GetParam()) faults = {.seed = 3, .short_transfers = 60, .refusals = 30, .delay_max = 5ms};
        std::tie(client_, server_) = io::MemoryStream::make_pair(*loop_, nullptr, faults);
    }

    Connection::Sent send(Framing framing, io::Source* content, std::optional<std::uint64_t> length = std::nullopt) {
        http::Response response{arena_};
        response.content_length = length;
        Connection connection{*server_};
        const HeadOptions options{.framing = framing};
        auto sent = io::complete(*loop_, connection.write_response(response, options, content, 1s, arena_));
        EXPECT_FALSE(sent.outcome && server_->keeps_back());  // the end of a message waits for nothing
        return sent;
    }
    Task<> send_then_finish(io::Source& content, Connection::Sent& sent) {
        http::Response response{arena_};
        Connection connection{*server_};
        const HeadOptions options{.framing = Framing::close, .persistent = false};
        sent = co_await connection.write_response(response, options, &content, 1s, arena_);
        EXPECT_TRUE(server_->finish_writing());
    }
    // What the client has got until now, without the head.
    std::string received_content() {
        std::string octets;
        char piece[4096];
        while (octets.size() < server_->octets_written()) {
            const auto count = io::complete(*loop_, io::read_some(*client_, piece, loop_->now() + 1s));
            if (!count || *count == 0) break;
            octets.append(piece, *count);
        }
        const std::size_t head = octets.find("\r\n\r\n");
        return head == std::string::npos ? "no head" : octets.substr(head + 4);
    }

    std::unique_ptr<io::Loop> loop_ = std::move(*io::Loop::create({.simulated_time = true}));
    Arena arena_;
    std::unique_ptr<io::MemoryStream> client_, server_;
};

// Counts how often it is asked: once, and not before the content has been read.
class PreparedTrailers final : public http::TrailerSource {
public:
    PreparedTrailers(const io::Source& content, Arena& arena) : content_{content}, fields_{arena} {}
    const http::FieldSection& trailers() override {
        ++asked;
        if (content_.length() == 0) fields_.add("X-Read", "all");
        fields_.add("X-Two", "2");
        return fields_;
    }
    int asked = 0;

private:
    const io::Source& content_;
    http::FieldSection fields_;
};

TEST_P(ResponseTest, SendsTrailersBehindTheContent) {
    io::MemorySource source{"hello"};
    PreparedTrailers trailers{source, arena_};
    http::Response response{arena_};
    response.trailer_source = &trailers;
    Connection connection{*server_};
    const HeadOptions chunked{.framing = Framing::chunked};
    ASSERT_TRUE(io::complete(*loop_, connection.write_response(response, chunked, &source, 1s, arena_)).outcome);
    EXPECT_EQ(received_content(), "5\r\nhello\r\n0\r\nX-Read: all\r\nX-Two: 2\r\n\r\n");
    EXPECT_EQ(trailers.asked, 1);
}

TEST_P(ResponseTest, SendsNoTrailersWhereTheyCanNotBeTold) {
    for (const Framing framing : {Framing::length, Framing::close, Framing::none}) {
        io::MemorySource source{"hello"};
        PreparedTrailers trailers{source, arena_};
        http::Response response{arena_};
        response.content_length = 5;
        response.trailer_source = &trailers;
        Connection connection{*server_};
        const HeadOptions options{.framing = framing};
        ASSERT_TRUE(io::complete(*loop_, connection.write_response(response, options, &source, 1s, arena_)).outcome);
        EXPECT_EQ(trailers.asked, 0);
    }
}

TEST_P(ResponseTest, SendsHeadAndLength) {
    io::MemorySource source{"hello"};
    const auto sent = send(Framing::length, &source, 5);
    ASSERT_TRUE(sent.outcome);
    EXPECT_EQ(sent.content_bytes, 5U);
    EXPECT_EQ(sent.bytes, server_->octets_written());
    EXPECT_EQ(received_content(), "hello");
}

TEST_P(ResponseTest, SendsOnlyTheHeadWithoutContent) {
    io::MemorySource source{"hello"};
    const auto to_head = send(Framing::none, &source, 5);
    ASSERT_TRUE(to_head.outcome);
    EXPECT_EQ(to_head.content_bytes, 0U);
    EXPECT_EQ(received_content(), "");
    ASSERT_TRUE(send(Framing::length, nullptr, 0).outcome);
    io::MemorySource nothing{""};
    ASSERT_TRUE(send(Framing::length, &nothing, 0).outcome);
    ASSERT_TRUE(send(Framing::close, &nothing).outcome);
}

TEST_P(ResponseTest, NeverPadsAndNeverExceeds) {
    PreparedSource shorter{{"hel"}};
    const auto cut = send(Framing::length, &shorter, 5);
    ASSERT_FALSE(cut.outcome);
    EXPECT_EQ(cut.content_bytes, 3U);
    EXPECT_EQ(received_content(), "hel");
    PreparedSource nothing{{}};
    const auto silent = send(Framing::length, &nothing, 5);
    ASSERT_FALSE(silent.outcome);
    EXPECT_EQ(silent.bytes, 0U);
}

TEST_P(ResponseTest, CutsAtTheAnnouncedLength) {
    PreparedSource longer{{"hel", "lo, world", "more"}};
    const auto sent = send(Framing::length, &longer, 5);
    ASSERT_TRUE(sent.outcome);
    EXPECT_EQ(received_content(), "hello");
}

TEST_P(ResponseTest, FramesChunks) {
    PreparedSource source{{"hello", std::string(26, 'x')}};
    const auto sent = send(Framing::chunked, &source);
    ASSERT_TRUE(sent.outcome);
    const std::string expected = "5\r\nhello\r\n1a\r\n" + std::string(26, 'x') + "\r\n0\r\n\r\n";
    EXPECT_EQ(received_content(), expected);
    EXPECT_EQ(sent.content_bytes, expected.size());
}

TEST_P(ResponseTest, FramesKnownContentWithItsLastChunk) {
    io::MemorySource source{"hello"};
    ASSERT_TRUE(send(Framing::chunked, &source).outcome);
    EXPECT_EQ(received_content(), "5\r\nhello\r\n0\r\n\r\n");
}

TEST_P(ResponseTest, FramesNothingAsTheLastChunk) {
    io::MemorySource source{""};
    ASSERT_TRUE(send(Framing::chunked, &source).outcome);
    EXPECT_EQ(received_content(), "0\r\n\r\n");
}

TEST_P(ResponseTest, LeavesChunkedContentOpenAfterAnError) {
    PreparedSource source{{"hello"}, true};
    const auto sent = send(Framing::chunked, &source);
    ASSERT_FALSE(sent.outcome);
    EXPECT_EQ(received_content(), "5\r\nhello\r\n");  // no final chunk: the client must see that something is missing
}

TEST_P(ResponseTest, SendsUntilTheEnd) {
    PreparedSource source{{"a", "b", std::string(200'000, 'c')}};
    Connection::Sent sent;
    io::Scope scope;
    scope.spawn(send_then_finish(source, sent));
    std::string octets;
    char piece[4096];
    for (;;) {
        const auto count = io::complete(*loop_, io::read_some(*client_, piece, loop_->now() + 1s));
        if (!count || *count == 0) break;
        octets.append(piece, *count);
    }
    EXPECT_EQ(scope.task_count(), 0U);
    ASSERT_TRUE(sent.outcome);
    EXPECT_EQ(octets.size(), sent.bytes);
    EXPECT_TRUE(octets.ends_with("\r\n\r\nab" + std::string(200'000, 'c')));
}

TEST_P(ResponseTest, SendsFiles) {
    const sys::Fd file{::memfd_create("content", MFD_CLOEXEC)};
    ASSERT_EQ(::write(file.get(), "0123456789", 10), 10);
    io::FileSource plain{file, {.offset = 2, .length = 5}};
    const auto sent = send(Framing::length, &plain, 5);
    ASSERT_TRUE(sent.outcome);
    EXPECT_EQ(sent.content_bytes, 5U);
    EXPECT_EQ(received_content(), "23456");
}

TEST_P(ResponseTest, SendsFilesInChunks) {
    const sys::Fd file{::memfd_create("content", MFD_CLOEXEC)};
    ASSERT_EQ(::write(file.get(), "0123456789", 10), 10);
    io::FileSource chunked{file, {.offset = 0, .length = 10}};
    ASSERT_TRUE(send(Framing::chunked, &chunked).outcome);
    EXPECT_EQ(received_content(), "a\r\n0123456789\r\n0\r\n\r\n");
}

TEST_P(ResponseTest, FailsWhenAFileIsShorterThanAnnounced) {
    const sys::Fd file{::memfd_create("content", MFD_CLOEXEC)};
    ASSERT_EQ(::write(file.get(), "0123456789", 10), 10);
    io::FileSource source{file, {.offset = 0, .length = 20}};
    const auto sent = send(Framing::length, &source, 20);
    ASSERT_FALSE(sent.outcome);
    EXPECT_EQ(sent.outcome.error().code, std::errc::io_error);
    EXPECT_EQ(received_content(), "0123456789");
}

TEST_P(ResponseTest, CountsWhatLeftBeforeThePeerStalled) {
    const std::string large(300'000, 'x');
    io::MemorySource source{large};
    const auto sent = send(Framing::length, &source, large.size());
    ASSERT_FALSE(sent.outcome);
    EXPECT_EQ(sent.outcome.error().code, std::errc::timed_out);
    EXPECT_EQ(sent.bytes, server_->octets_written());
    EXPECT_GT(sent.bytes, 60'000U);
}

INSTANTIATE_TEST_SUITE_P(Streams, ResponseTest, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& chosen) { return chosen.param ? "faulty" : "smooth"; });

}  // namespace
}  // namespace webserv::h1
