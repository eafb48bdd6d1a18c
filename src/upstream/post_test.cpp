// upstream/post_test.cpp: a question to a server that is here, one to a server that never answers, and one that nobody wants answered.
// Servers that answer wrongly are met from outside, by those who ask.
#include "upstream/post.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "io/complete.hpp"
#include "io/socket_stream.hpp"
#include "sys/socket.hpp"

namespace webserv::upstream {
namespace {

using namespace std::chrono_literals;
using Outcome = std::expected<PostResponse, PostFailure>;

class PostTest : public testing::Test {
protected:
    Outcome ask(io::Deadline deadline, std::size_t bytes_max = 100) {
        return io::complete(*loop_, post(*loop_, &scope_, addresses_, request_, bytes_max, deadline));
    }
    // Accepts once, answers without looking, and keeps what it was asked.
    Task<> serve(std::string answer) {
        while (!peer_) {
            auto accepted = sys::accept_from(listener_);
            if (accepted) peer_.emplace(*loop_, nullptr, std::move(accepted->socket));
            if (!peer_) co_await again();
        }
        while (!asked_.ends_with("question")) {
            char octets[1024];
            const auto count = co_await io::read_some(*peer_, octets, io::never);
            if (!count || *count == 0) co_return;
            asked_.append(octets, *count);
        }
        iovec piece{answer.data(), answer.size()};
        (void)co_await io::write_all(*peer_, {&piece, 1}, 10s);
    }
    struct Again {
        io::Loop& loop;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> waiter) { loop.post(waiter); }
        void await_resume() const noexcept {}
    };
    Again again() { return {*loop_}; }

    std::unique_ptr<io::Loop> loop_ = std::move(*io::Loop::create());
    sys::Fd listener_ = std::move(*sys::listen_on(*sys::Address::parse_ip("127.0.0.1", 0), {.backlog = 10}));
    std::vector<sys::Address> addresses_{*sys::local_address(listener_)};
    http::Url url_ = *http::parse_url("http://example.test:81/path?query");
    PostRequest request_{.url = url_, .content_type = "text/plain", .content = "question"};
    std::optional<io::SocketStream> peer_;
    std::string asked_;
    io::Scope scope_, tasks_;
};

TEST_F(PostTest, AsksAndHears) {
    tasks_.spawn(serve("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 6\r\n\r\nanswer"));
    const Outcome outcome = ask(io::deadline_after(loop_->now(), 10s));
    ASSERT_TRUE(outcome) << outcome.error().what;
    EXPECT_EQ(outcome->status, 200);
    EXPECT_EQ(outcome->content_type, "a/b");
    EXPECT_EQ(outcome->content, "answer");
    EXPECT_TRUE(asked_.starts_with("POST /path?query HTTP/1.1\r\nHost: example.test:81\r\n")) << asked_;
    EXPECT_NE(asked_.find("Content-Type: text/plain\r\nConnection: close\r\nContent-Length: 8\r\n\r\nquestion"), asked_.npos) << asked_;
}

TEST_F(PostTest, AnAnswerHasABound) {
    tasks_.spawn(serve("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nanswer"));
    const Outcome outcome = ask(io::deadline_after(loop_->now(), 10s), 5);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, PostFailure::Kind::too_large);
    EXPECT_EQ(outcome.error().peer, addresses_.front());
}

TEST_F(PostTest, NobodyWaitsLongerThanTheDeadline) {
    const Outcome outcome = ask(loop_->now() + 20ms);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, PostFailure::Kind::timed_out);
}

TEST_F(PostTest, EndsWithItsScope) {
    scope_.cancel();
    const Outcome outcome = ask(io::never);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, PostFailure::Kind::cancelled);
}

}  // namespace
}  // namespace webserv::upstream
