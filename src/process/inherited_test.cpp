// process/inherited_test.cpp: real sockets under real numbers, named by the variables of nginx and of systemd.
// Whatever does not listen must come out as it went in.
#include "process/inherited.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "sys/environment.hpp"
#include "sys/file.hpp"
#include "sys/process.hpp"
#include "sys/socket.hpp"

namespace webserv::process {
namespace {

class Inherited : public testing::Test {
protected:
    void SetUp() override {
        path_ = (std::filesystem::temp_directory_path() / ("webserv_inherited_test." + std::to_string(::getpid()))).string();
        log_.add(*observe::open_sink(path_), observe::Level::notice);
    }
    void TearDown() override {
        std::filesystem::remove(path_);
        for (const char* const name : {"NGINX", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}) ::unsetenv(name);
    }

    /// A listening socket as another program might have left it: blocking, and open across execve.
    static int listener() {
        auto socket = sys::listen_on(*sys::Address::parse_ip("127.0.0.1", 0), {});
        EXPECT_TRUE(socket);
        ::fcntl(socket->get(), F_SETFD, 0);
        ::fcntl(socket->get(), F_SETFL, ::fcntl(socket->get(), F_GETFL) & ~O_NONBLOCK);
        return socket->release();
    }
    static std::vector<int> numbers_of(const InheritedSockets& inherited) {
        std::vector<int> numbers;
        for (const sys::Fd& socket : inherited.sockets) numbers.push_back(socket.get());
        return numbers;
    }
    InheritedSockets take(const std::string& value) {
        ::setenv("NGINX", value.c_str(), 1);
        return take_inherited_sockets(log_);
    }
    [[nodiscard]] std::string log() const { return sys::read_whole(path_.c_str()).value_or(""); }

    std::string path_;
    observe::Log log_;
};

using Numbers = std::vector<int>;

TEST_F(Inherited, NothingFromNobody) {
    const auto inherited = take_inherited_sockets(log_);
    EXPECT_TRUE(inherited.sockets.empty());
    EXPECT_FALSE(inherited.from_predecessor);
    EXPECT_EQ(log(), "");
}

TEST_F(Inherited, TakesWhatAPredecessorNames) {
    const int first = listener();
    const int second = listener();
    const int numbers[] = {first, second};
    const auto inherited = take(inheritance_of(numbers));
    EXPECT_TRUE(inherited.from_predecessor);
    EXPECT_EQ(numbers_of(inherited), (Numbers{first, second}));
    for (const sys::Fd& socket : inherited.sockets) {
        EXPECT_EQ(::fcntl(socket.get(), F_GETFD), FD_CLOEXEC);
        EXPECT_TRUE(::fcntl(socket.get(), F_GETFL) & O_NONBLOCK);
        EXPECT_NE(sys::local_address(socket)->port(), 0);
    }
    EXPECT_EQ(sys::environment_variable("NGINX"), std::nullopt);
    EXPECT_NE(log().find("using inherited sockets from \"" + inheritance_of(numbers) + "\""), std::string::npos);
}

TEST_F(Inherited, WritesTheVariableAsNginxDoes) {
    EXPECT_STREQ(inheritance_variable, "NGINX");
    EXPECT_EQ(inheritance_of(Numbers{6, 7, 123}), "6;7;123;");
    EXPECT_EQ(inheritance_of({}), "");
}

TEST_F(Inherited, AnUpgradeMayHandNothingOn) {
    const auto inherited = take("");
    EXPECT_TRUE(inherited.from_predecessor);
    EXPECT_TRUE(inherited.sockets.empty());
}

TEST_F(Inherited, OneThatIsNamedTwiceIsOneSocket) {
    const int number = listener();
    const std::string text = std::to_string(number);
    const auto inherited = take(text + ";" + text + ":" + text + ";");
    EXPECT_EQ(numbers_of(inherited), Numbers{number});
}

TEST_F(Inherited, LeavesAloneWhatDoesNotListen) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const auto unconnected = sys::open_socket(AF_INET, sys::SocketType::stream);
    const auto datagram = sys::open_socket(AF_INET, sys::SocketType::datagram);
    const int good = listener();
    const int numbers[] = {ends[0], unconnected->get(), datagram->get(), good, 999'999};
    const auto inherited = take(inheritance_of(numbers));
    EXPECT_EQ(numbers_of(inherited), Numbers{good});
    EXPECT_EQ(::fcntl(ends[0], F_GETFD), 0);
    EXPECT_EQ(::fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
    const std::string lines = log();
    EXPECT_NE(lines.find("#" + std::to_string(ends[0]) + " is ignored: getsockopt(SO_TYPE) failed (88"), lines.npos) << lines;
    EXPECT_NE(lines.find("#" + std::to_string(unconnected->get()) + " is ignored: it does not listen"), lines.npos) << lines;
    EXPECT_NE(lines.find("#" + std::to_string(datagram->get()) + " is ignored: it does not listen"), lines.npos) << lines;
    EXPECT_NE(lines.find("#999999 is ignored: getsockopt(SO_TYPE) failed (9"), lines.npos) << lines;
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST_F(Inherited, IgnoresTheRestAfterWhatIsNoNumber) {
    for (const char* const rest : {"x;", "-3;", "4294967299;", "0;", "2;", ";", " 7;", "7"}) {
        const int number = listener();
        const auto inherited = take(std::to_string(number) + ";" + rest);
        EXPECT_EQ(numbers_of(inherited), Numbers{number}) << rest;
        EXPECT_NE(log().find("in NGINX environment variable, ignoring the rest of the variable"), std::string::npos) << rest;
        std::filesystem::resize_file(path_, 0);
    }
}

/// LISTEN_FDS counts from descriptor 3, so this needs a process in which these numbers are ours to give.
/// @return 0, or what was wrong
int take_from_systemd(const observe::Log& log, int socket) {
    // The log's file may be one of the numbers: it is not needed here.
    if (::dup2(socket, 100) < 0 || ::dup2(100, 3) < 0 || ::dup2(100, 4) < 0 || ::dup2(STDERR_FILENO, 5) < 0) return 1;
    ::setenv("LISTEN_FDS", "3", 1);
    ::setenv("LISTEN_PID", std::to_string(::getppid()).c_str(), 1);
    if (!take_inherited_sockets(log).sockets.empty() || ::getenv("LISTEN_FDS") != nullptr) return 2;  // meant for another process

    ::setenv("LISTEN_FDS", "3", 1);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDNAMES", "a:b:c", 1);
    const auto inherited = take_inherited_sockets(log);
    if (inherited.from_predecessor || inherited.sockets.size() != 2) return 3;
    if (inherited.sockets[0].get() != 3 || inherited.sockets[1].get() != 4) return 4;
    for (const char* const name : {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}) {
        if (::getenv(name) != nullptr) return 5;
    }
    return ::fcntl(5, F_GETFD) == 0 ? 0 : 6;
}

TEST_F(Inherited, TakesWhatSystemdHandsDown) {
    const sys::Fd socket{listener()};
    const auto child = sys::fork_process();
    ASSERT_TRUE(child);
    if (*child == 0) {
        observe::Log quiet;
        quiet.add(*observe::open_sink("/dev/null"), observe::Level::emerg);
        ::_exit(take_from_systemd(quiet, socket.get()));
    }
    EXPECT_EQ(sys::wait_for_child(*child)->exit_status, 0);
}

}  // namespace
}  // namespace webserv::process
