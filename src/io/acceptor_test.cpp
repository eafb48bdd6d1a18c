// io/acceptor_test.cpp: the waiting on a listening socket, alone, shared, out of descriptors.
// Real sockets on the loopback; descriptors run out in child processes, where nobody else needs them.
#include "io/acceptor.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <atomic>
#include <memory>
#include <thread>
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

struct Listener {
    sys::Fd socket;
    sys::Address address;

    Listener() {
        auto bound = sys::listen_on(*sys::Address::parse_ip("127.0.0.1", 0), {.backlog = 200});
        EXPECT_TRUE(bound);
        socket = std::move(*bound);
        address = *sys::local_address(socket);
    }
    [[nodiscard]] sys::Fd connect() const {
        sys::Fd client{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        EXPECT_EQ(::connect(client.get(), address.data(), address.size()), 0);
        return client;
    }
};

Task<> accept_all(Acceptor& acceptor, std::vector<sys::Accepted>& peers, Error& last) {
    for (;;) {
        auto peer = co_await acceptor.accept();
        if (peer) {
            peers.push_back(std::move(*peer));
            continue;
        }
        last = peer.error();
        const bool recovered = co_await acceptor.recover(last);
        if (!recovered) co_return;
    }
}

TEST(Acceptor, AcceptsWhatIsThereAndWhatComes) {
    const auto loop = make_loop();
    const Listener listener;
    Scope scope;
    Acceptor acceptor{*loop, &scope, listener.socket};
    std::vector<sys::Accepted> peers;
    Error last{};
    const sys::Fd early = listener.connect();
    scope.spawn(accept_all(acceptor, peers, last));
    EXPECT_EQ(peers.size(), 1U);
    for (std::size_t i = 2; i < 50; ++i) {
        const sys::Fd client = listener.connect();
        loop->turn(never);
        EXPECT_EQ(peers.size(), i);
    }
    EXPECT_EQ(peers[0].peer.host(), "127.0.0.1");
    scope.cancel();
    loop->turn(loop->now());
    EXPECT_EQ(scope.task_count(), 0U);
    EXPECT_EQ(last.code, std::errc::operation_canceled);
}

TEST(Acceptor, TakesMoreATurnOnlyWhileThereIsMore) {
    const auto loop = make_loop();
    const Listener listener;
    std::vector<sys::Fd> clients;
    for (int i = 0; i < 70; ++i) clients.push_back(listener.connect());
    Scope scope;
    Acceptor acceptor{*loop, &scope, listener.socket};
    std::vector<sys::Accepted> peers;
    Error last{};
    scope.spawn(accept_all(acceptor, peers, last));
    std::vector<std::size_t> a_turn{peers.size()};
    while (peers.size() < 70) {
        const std::size_t before = peers.size();
        loop->turn(never);
        a_turn.push_back(peers.size() - before);
    }
    const std::vector<std::size_t> expected{1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 2};
    EXPECT_EQ(a_turn, expected);
    clients.push_back(listener.connect());
    loop->turn(never);  // one, and an empty queue
    for (int i = 0; i < 3; ++i) clients.push_back(listener.connect());
    for (std::size_t count = 72; count <= 74; ++count) {
        loop->turn(never);
        EXPECT_EQ(peers.size(), count) << "one a turn again";
    }
    acceptor.stop();
    loop->turn(loop->now());
    EXPECT_EQ(scope.task_count(), 0U);
}

Task<> accept_one(Acceptor& acceptor, std::vector<sys::Accepted>& peers) {
    auto peer = co_await acceptor.accept();
    if (peer) peers.push_back(std::move(*peer));
}

TEST(Acceptor, DoesNotSpinWhileNobodyAccepts) {
    const auto loop = make_loop();
    const Listener listener;
    Scope scope;
    Acceptor acceptor{*loop, &scope, listener.socket};
    std::vector<sys::Accepted> peers;
    scope.spawn(accept_one(acceptor, peers));  // waits, and so watches
    const sys::Fd first = listener.connect(), second = listener.connect();
    loop->turn(never);
    EXPECT_EQ(peers.size(), 1U);
    const auto start = loop->now();
    for (int i = 0; i < 4; ++i) loop->turn(start + milliseconds{1});
    EXPECT_EQ(loop->now() - start, milliseconds{1}) << "simulated time stands still while something is ready";
    scope.spawn(accept_one(acceptor, peers));
    EXPECT_EQ(peers.size(), 2U);
}

TEST(Acceptor, AfterStopTheQueueMayBeEmptied) {
    const auto loop = make_loop();
    const Listener listener;
    Acceptor acceptor{*loop, nullptr, listener.socket};
    const sys::Fd client = listener.connect();
    acceptor.stop();
    const auto refused = complete(*loop, acceptor.accept());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, std::errc::operation_canceled);
    EXPECT_TRUE(acceptor.try_accept());
    EXPECT_EQ(acceptor.try_accept().error().code, std::errc::operation_would_block);
}

/// Accepts on a loop of its own until told to stop, as a worker does.
class Worker {
public:
    explicit Worker(const Listener& listener) : loop_{std::move(*Loop::create())}, acceptor_{*loop_, nullptr, listener.socket} {}
    ~Worker() {
        ending_ = true;
        loop_->wake();
        thread_.join();
    }
    [[nodiscard]] int accepted() const { return accepted_; }

private:
    static Task<> accept_all(Acceptor& acceptor, std::atomic<int>& accepted) {
        for (;;) {
            const auto peer = co_await acceptor.accept();
            if (!peer) co_return;
            ++accepted;
        }
    }
    void run() {
        Scope scope;
        scope.spawn(accept_all(acceptor_, accepted_));
        while (!ending_) loop_->turn(never);
        acceptor_.stop();
        loop_->turn(loop_->now());
    }

    std::unique_ptr<Loop> loop_;
    Acceptor acceptor_;
    std::atomic<int> accepted_ = 0;
    std::atomic<bool> ending_ = false;
    std::thread thread_{[this] { run(); }};
};

TEST(Acceptor, WorkersShareAListener) {
    const Listener listener;
    const Worker first{listener}, second{listener};
    for (int i = 1; i <= 200; ++i) {
        const sys::Fd client = listener.connect();
        while (first.accepted() + second.accepted() < i) std::this_thread::sleep_for(std::chrono::microseconds{50});
    }
    EXPECT_EQ(first.accepted() + second.accepted(), 200);
    // Without going to the end of the kernel's list, one of them would get them all.
    EXPECT_GT(first.accepted(), 10);
    EXPECT_GT(second.accepted(), 10);
}

Task<> recover_from(Acceptor& acceptor, Error error, bool& recovered, bool& done) {
    recovered = co_await acceptor.recover(error);
    done = true;
}

Task<> note_one_arrival(Acceptor& acceptor, int& arrivals) {
    const auto arrived = co_await acceptor.arrival();
    if (arrived) ++arrivals;
}

TEST(Acceptor, AnArrivalLeavesThePeerInTheQueueAndIsToldToAll) {
    const auto loop = make_loop();  // two processes have a loop each
    const auto other_loop = make_loop();
    Scope scope;
    const Listener listener;
    Acceptor one{*loop, &scope, listener.socket};
    Acceptor other{*other_loop, &scope, listener.socket};
    int of_one = 0;
    int of_other = 0;
    scope.spawn(note_one_arrival(one, of_one));
    scope.spawn(note_one_arrival(other, of_other));
    loop->turn(loop->now());
    other_loop->turn(other_loop->now());
    EXPECT_EQ(of_one + of_other, 0);
    const auto client = listener.connect();
    loop->turn(loop->now());
    other_loop->turn(other_loop->now());
    EXPECT_EQ(of_one, 1);
    EXPECT_EQ(of_other, 1);  // nobody has accepted it yet
    EXPECT_TRUE(other.try_accept());
    EXPECT_FALSE(one.try_accept());
}

TEST(Acceptor, AStopEndsTheWaitForAnArrival) {
    const auto loop = make_loop();
    Scope scope;
    const Listener listener;
    Acceptor acceptor{*loop, &scope, listener.socket};
    int arrivals = 0;
    scope.spawn(note_one_arrival(acceptor, arrivals));
    scope.cancel();
    loop->turn(loop->now());
    EXPECT_EQ(arrivals, 0);
    EXPECT_EQ(scope.task_count(), 0U);
}

TEST(Acceptor, StopEndsAPause) {
    const auto loop = make_loop();
    const Listener listener;
    Scope scope;
    Acceptor acceptor{*loop, &scope, listener.socket};
    bool recovered = true, done = false;
    const auto start = loop->now();
    scope.spawn(recover_from(acceptor, Error{std::errc::not_enough_memory}, recovered, done));
    loop->turn(start + milliseconds{100});
    EXPECT_FALSE(done);
    acceptor.stop();
    loop->turn(never);
    EXPECT_TRUE(done);
    EXPECT_FALSE(recovered);
    EXPECT_EQ(loop->now() - start, milliseconds{100});
}

TEST(Acceptor, GivesUpOnWhatIsNoListener) {
    const auto loop = make_loop();
    const sys::Fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    Acceptor acceptor{*loop, nullptr, socket};
    std::vector<sys::Accepted> peers;
    Error last{};
    complete(*loop, accept_all(acceptor, peers, last));
    EXPECT_EQ(last.code, std::errc::invalid_argument);
}

/// Lets no more descriptors be opened; those that are open stay.
void exhaust_descriptors(std::vector<sys::Fd>& hoard) {
    const rlimit few{.rlim_cur = 40, .rlim_max = 40};
    ::setrlimit(RLIMIT_NOFILE, &few);
    for (;;) {
        sys::Fd another{::dup(0)};
        if (!another) return;
        hoard.push_back(std::move(another));
    }
}

bool was_closed_by_peer(const sys::Fd& client) {
    char octet;
    return ::recv(client.get(), &octet, 1, 0) <= 0;  // blocks if it was not
}

/// Goes through the motions while descriptors are to be had: UBSan opens a pipe when it meets a type for the first time.
void rehearse() {
    const auto loop = make_loop();
    const Listener listener;
    const sys::Fd client = listener.connect();
    Scope scope;
    Acceptor acceptor{*loop, &scope, listener.socket};
    std::vector<sys::Accepted> peers;
    Error last{};
    bool recovered = false, done = false;
    scope.spawn(recover_from(acceptor, Error{std::errc::not_enough_memory}, recovered, done));
    while (!done) loop->turn(never);
    scope.spawn(accept_all(acceptor, peers, last));
    while (peers.empty()) loop->turn(never);
    scope.cancel();
    loop->turn(loop->now());
}

#define REQUIRE(condition) \
    if (!(condition)) return __LINE__

/// In a child of its own. @return 0, or the line of the requirement that does not hold
int recover_from_exhaustion() {
    const auto loop = make_loop();
    const Listener listener;
    std::vector<sys::Fd> clients;
    for (int i = 0; i < 5; ++i) clients.push_back(listener.connect());
    Scope scope;
    Acceptor acceptor{*loop, &scope, listener.socket};
    std::vector<sys::Accepted> peers;
    Error last{};
    const auto start = loop->now();

    // The reserve is there: every peer is closed at once, and the loop does not spin.
    std::vector<sys::Fd> hoard;
    exhaust_descriptors(hoard);
    scope.spawn(accept_all(acceptor, peers, last));
    REQUIRE(last.code == std::errc::too_many_files_open);
    for (std::size_t turn = 0; turn < clients.size(); ++turn) loop->turn(start);  // a few each
    REQUIRE(peers.empty());
    for (const sys::Fd& client : clients) REQUIRE(was_closed_by_peer(client));
    loop->turn(start + milliseconds{1});
    REQUIRE(loop->now() == start + milliseconds{1});

    // Descriptors are free again: accepted as usual.
    hoard.clear();
    const sys::Fd client = listener.connect();
    loop->turn(never);
    REQUIRE(peers.size() == 1);
    REQUIRE(loop->now() == start + milliseconds{1});
    scope.cancel();
    loop->turn(loop->now());
    REQUIRE(scope.task_count() == 0);
    return 0;
}

/// The acceptor comes to life when there is no descriptor even for its reserve: it pauses instead.
int pause_without_reserve() {
    const auto loop = make_loop();
    const Listener listener;
    const sys::Fd client = listener.connect();
    std::vector<sys::Fd> hoard;
    exhaust_descriptors(hoard);
    Scope scope;
    Acceptor acceptor{*loop, &scope, listener.socket};
    std::vector<sys::Accepted> peers;
    Error last{};
    const auto start = loop->now();
    scope.spawn(accept_all(acceptor, peers, last));
    REQUIRE(last.code == std::errc::too_many_files_open);
    hoard.clear();
    loop->turn(start + milliseconds{499});
    REQUIRE(peers.empty());
    while (peers.empty()) loop->turn(never);
    REQUIRE(loop->now() - start == milliseconds{500});
    scope.cancel();
    loop->turn(loop->now());
    REQUIRE(scope.task_count() == 0);
    return 0;
}

int status_of_child(int (*body)()) {
    const pid_t child = ::fork();
    if (child == 0) {
        rehearse();
        ::_exit(body() % 256);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Acceptor, OutOfDescriptorsItClosesPeersByMeansOfItsReserve) { EXPECT_EQ(status_of_child(recover_from_exhaustion), 0); }

TEST(Acceptor, WithoutAReserveItPauses) { EXPECT_EQ(status_of_child(pause_without_reserve), 0); }

}  // namespace
}  // namespace webserv::io
