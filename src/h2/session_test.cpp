// h2/session_test.cpp: a session without a connection: octets in, streams and octets out.
// What peers see of the rules is tested with raw frames from outside; here is what only the inside knows.
#include "h2/session.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "h2/allowance.hpp"

namespace webserv::h2 {
namespace {

using namespace std::chrono_literals;

std::string frame(FrameType type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
    std::string octets(frame_head_bytes, '\0');
    write_frame_head(octets.data(), {static_cast<std::uint32_t>(payload.size()), type, flags, stream});
    return octets.append(payload);
}

constexpr std::string_view get_block = "\x82\x86\x84\x41\x01\x61";  // GET, http, "/", authority "a"
const std::string hello = std::string{preface} + frame(FrameType::settings, 0, 0, {});

std::string get(std::uint32_t stream) { return frame(FrameType::headers, flag::end_headers | flag::end_stream, stream, get_block); }

class SessionTest : public testing::Test {
protected:
    ~SessionTest() override {
        session_.abort();
        for (Stream* const stream : taken_) session_.release(*stream);
    }
    Stream* take() {
        Stream* const stream = session_.take_arrived();
        if (stream != nullptr) taken_.push_back(stream);
        return stream;
    }
    void release(Stream& stream) {
        std::erase(taken_, &stream);
        session_.release(stream);
    }
    std::vector<FrameHead> sent() {
        std::vector<FrameHead> frames;
        while (session_.output.size() >= frame_head_bytes) {
            frames.push_back(read_frame_head(session_.output.pending().data()));
            session_.output.remove(frame_head_bytes + frames.back().length);
        }
        return frames;
    }

    std::unique_ptr<io::Loop> loop_ = std::move(*io::Loop::create({.simulated_time = true}));
    Session session_{*loop_, {.head = {}, .concurrent_streams = 2, .content_window = 1000}};
    std::vector<Stream*> taken_;
};

TEST_F(SessionTest, GivesRequestsInTheirOrder) {
    session_.receive(hello + get(1) + get(3));
    Stream* const first = take();
    Stream* const second = take();
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->id, 1U);
    EXPECT_EQ(second->id, 3U);
    EXPECT_EQ(take(), nullptr);
    EXPECT_EQ(first->request.line, "GET / HTTP/2.0");
    EXPECT_EQ(first->request.host, "a");
    EXPECT_EQ(first->request.fields.find("host"), "a");
}

TEST_F(SessionTest, TakesFramesInPieces) {
    for (const char octet : hello + get(1)) session_.receive({&octet, 1});
    EXPECT_NE(take(), nullptr);
    EXPECT_FALSE(session_.is_within_frame());
    session_.receive(get(3).substr(0, 12));
    EXPECT_TRUE(session_.is_within_frame());
}

TEST_F(SessionTest, CountsStreamsUntilTheyAreReleased) {
    session_.receive(hello + get(1) + get(3));
    Stream* const first = take();
    Stream* const second = take();
    ASSERT_TRUE(first && second);
    session_.receive(frame(FrameType::rst_stream, 0, 1, {"\0\0\0\x8", 4}) + get(5));
    EXPECT_EQ(take(), nullptr);  // it is reset, but somebody still answers it: 5 is one too many
    EXPECT_EQ(session_.streams(), 2U);
    release(*first);
    session_.receive(get(7));
    EXPECT_NE(take(), nullptr);
}

TEST_F(SessionTest, DropsRequestsThatWereResetBeforeAnybodyLooked) {
    session_.receive(hello + get(1) + frame(FrameType::rst_stream, 0, 1, {"\0\0\0\x8", 4}));
    EXPECT_EQ(take(), nullptr);
    EXPECT_EQ(session_.streams(), 0U);
}

TEST_F(SessionTest, ResetsWhatNobodyHasAnswered) {
    session_.receive(hello + get(1));
    Stream* const stream = take();
    ASSERT_TRUE(stream);
    (void)sent();
    release(*stream);
    const auto frames = sent();
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_EQ(frames[0].type, FrameType::rst_stream);
}

TEST_F(SessionTest, EndsInTwoSteps) {
    session_.receive(hello + get(1));
    ASSERT_NE(take(), nullptr);
    session_.announce_end();
    EXPECT_FALSE(session_.takes_no_more());
    session_.receive(get(3));
    EXPECT_NE(take(), nullptr);  // it was on its way
    session_.receive(frame(FrameType::ping, flag::ack, 0, "shutdown"));
    EXPECT_TRUE(session_.takes_no_more());
    EXPECT_FALSE(session_.has_ended());
    session_.receive(get(5));
    EXPECT_EQ(take(), nullptr);
}

TEST_F(SessionTest, SaysWhyItHasEnded) {
    session_.receive("GET / HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(session_.has_ended());
    EXPECT_EQ(session_.error(), ErrorCode::protocol_error);
    EXPECT_STREQ(session_.complaint(), "client sent invalid preface");
    EXPECT_EQ(sent().back().type, FrameType::goaway);
}

TEST(Allowance, IsSpentAndEarned) {
    io::TimePoint now{};
    Allowance allowance{now};
    int spent = 0;
    while (allowance.spend(1, now)) ++spent;
    EXPECT_EQ(spent, 1000);
    now += 10s;
    for (spent = 0; allowance.spend(1, now);) ++spent;
    EXPECT_EQ(spent, 499);  // of what is there again, the one that was refused is paid
    allowance.earn(5000);
    for (spent = 0; allowance.spend(1, now);) ++spent;
    EXPECT_EQ(spent, 1000);
}

}  // namespace
}  // namespace webserv::h2
