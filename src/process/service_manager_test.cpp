// process/service_manager_test.cpp: the notices as a service manager reads them from its socket, by path and by abstract name.
// A manager that does not read, or has gone, changes nothing for us.
#include "process/service_manager.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "sys/environment.hpp"
#include "sys/socket.hpp"

namespace webserv::process {
namespace {

using std::chrono::milliseconds;
using Variables = std::vector<std::string>;

std::string number_of_ours() { return std::to_string(::getpid()); }

/// The other end: a datagram socket, and the environment that leads to it.
class StandIn {
public:
    explicit StandIn(const std::string& name) : name_{name} {
        auto bound = sys::bind_datagram(*sys::Address::local(name));
        EXPECT_TRUE(bound);
        socket_ = std::move(*bound);
        ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    }
    ~StandIn() {
        if (name_.starts_with('/')) ::unlink(name_.c_str());
        for (const char* const variable : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(variable);
    }
    /// The next notice; "" if there is none.
    std::string take() {
        char buffer[4096];
        const ssize_t count = ::recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
        return count < 0 ? std::string{} : std::string{buffer, static_cast<std::size_t>(count)};
    }

private:
    std::string name_;
    sys::Fd socket_;
};

std::string path_of_ours() { return "/tmp/webserv_notify." + number_of_ours(); }
std::string abstract_name_of_ours() { return "@webserv_notify." + number_of_ours(); }

TEST(ServiceManager, HearsEachNotice) {
    for (const std::string& name : {path_of_ours(), abstract_name_of_ours()}) {
        StandIn stand_in{name};
        const auto manager = ServiceManager::from_environment();
        manager.ready();
        EXPECT_EQ(stand_in.take(), "READY=1") << name;
        manager.stopping();
        EXPECT_EQ(stand_in.take(), "STOPPING=1");
        manager.ping();
        EXPECT_EQ(stand_in.take(), "WATCHDOG=1");
        manager.main_pid(4711);
        EXPECT_EQ(stand_in.take(), "MAINPID=4711");
        manager.status("two\nlines");
        EXPECT_EQ(stand_in.take(), "STATUS=two lines");
        EXPECT_EQ(stand_in.take(), "");
    }
}

TEST(ServiceManager, AReloadTellsTheTime) {
    StandIn stand_in{abstract_name_of_ours()};
    const auto manager = ServiceManager::from_environment();
    const auto now = [] {
        timespec time{};
        ::clock_gettime(CLOCK_MONOTONIC, &time);
        return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1'000;
    };
    const auto before = now();
    manager.reloading();
    const auto after = now();
    const std::string notice = stand_in.take();
    const std::string_view head = "RELOADING=1\nMONOTONIC_USEC=";
    ASSERT_TRUE(notice.starts_with(head)) << notice;
    const auto told = std::stoll(notice.substr(head.size()));
    EXPECT_GE(told, before);
    EXPECT_LE(told, after);
}

TEST(ServiceManager, IsNotInheritedButHandedOn) {
    StandIn stand_in{abstract_name_of_ours()};
    ::setenv("WATCHDOG_USEC", "3000000", 1);
    ::setenv("WATCHDOG_PID", number_of_ours().c_str(), 1);
    const auto manager = ServiceManager::from_environment();
    for (const char* const variable : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) {
        EXPECT_EQ(sys::environment_variable(variable), std::nullopt) << variable;
    }
    EXPECT_EQ(manager.environment(), (Variables{"NOTIFY_SOCKET=" + abstract_name_of_ours(), "WATCHDOG_USEC=3000000"}));
}

TEST(ServiceManager, TheWatchdogIsFedTwiceATime) {
    struct Case {
        const char* usec;
        std::string pid;
        std::optional<milliseconds> expected;
    };
    const Case cases[] = {
        {"3000000", number_of_ours(), milliseconds{1500}},
        {"3000000", "", milliseconds{1500}},
        {"1", "", milliseconds{1}},
        {"3000000", "1", std::nullopt},
        {"3000000", "x", std::nullopt},
        {"0", "", std::nullopt},
        {"-5", "", std::nullopt},
        {"18446744073709551615", "", std::nullopt},
    };
    for (const Case& c : cases) {
        StandIn stand_in{abstract_name_of_ours()};
        ::setenv("WATCHDOG_USEC", c.usec, 1);
        if (!c.pid.empty()) ::setenv("WATCHDOG_PID", c.pid.c_str(), 1);
        const auto manager = ServiceManager::from_environment();
        EXPECT_EQ(manager.watchdog_interval(), c.expected) << c.usec << " " << c.pid;
        EXPECT_EQ(manager.environment().size(), c.expected ? 2U : 1U);
    }
}

TEST(ServiceManager, SomebodyWhoDoesNotReadIsNotWaitedFor) {
    StandIn stand_in{abstract_name_of_ours()};
    const auto manager = ServiceManager::from_environment();
    for (int i = 0; i < 5000; ++i) manager.ping();  // more than any queue holds
    EXPECT_EQ(stand_in.take(), "WATCHDOG=1");
}

TEST(ServiceManager, WithoutASocketNothingHappens) {
    for (const char* const name : {"", "relative/path", "vsock:2:1234", "/no/such/socket"}) {
        ::setenv("NOTIFY_SOCKET", name, 1);
        ::setenv("WATCHDOG_USEC", "1000000", 1);
        const auto manager = ServiceManager::from_environment();
        manager.ready();
        manager.status("nobody hears this");
        EXPECT_EQ(manager.environment().empty(), *name != '/' || name[1] != 'n') << name;
        EXPECT_EQ(manager.watchdog_interval().has_value(), !manager.environment().empty()) << name;
    }
    const ServiceManager nobody;
    nobody.ready();
    EXPECT_EQ(nobody.watchdog_interval(), std::nullopt);
    EXPECT_EQ(nobody.environment(), Variables{});
}

}  // namespace
}  // namespace webserv::process
