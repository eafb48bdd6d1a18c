// process/worker_settings_test.cpp: children that become what settings say, and tell how it went by their exit status.
// What needs root is left out without it.
#include "process/worker_settings.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "sys/environment.hpp"
#include "sys/file.hpp"
#include "sys/process.hpp"
#include "sys/user.hpp"

namespace webserv::process {
namespace {

sys::CpuMask mask(unsigned long bits) { return sys::CpuMask{bits}; }

class Settings : public testing::Test {
protected:
    void SetUp() override {
        folder_ = (std::filesystem::temp_directory_path() / ("webserv_settings_test." + std::to_string(::getpid()))).string();
        std::filesystem::create_directory(folder_);
        std::filesystem::permissions(folder_, std::filesystem::perms::all);
        log_.add(*observe::open_sink(folder_ + "/log"), observe::Level::notice);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    /// Applies the settings in a child. @return what `examine` found (0: all is well), or 100 if they could not be applied
    int applied(const WorkerSettings& settings, const std::function<int()>& examine) {
        const auto child = sys::fork_process();
        if (!child) return -1;
        if (*child == 0) ::_exit(apply(settings, 0, log_) ? examine() : 100);
        const auto ended = sys::wait_for_child(*child);
        return ended && ended->signal == 0 ? ended->exit_status : -1;
    }
    [[nodiscard]] std::string log() const { return sys::read_whole((folder_ + "/log").c_str()).value_or(""); }
    [[nodiscard]] bool logged(const std::string& text) const { return log().find(text) != std::string::npos; }

    std::string folder_;
    observe::Log log_;
};

TEST_F(Settings, NoneChangesNothingButTheEnvironment) {
    ::setenv("WEBSERV_TEST", "x", 1);
    const auto before = std::filesystem::current_path();
    ::prctl(PR_SET_DUMPABLE, 1);
    EXPECT_EQ(applied({},
                      [&] {
                          if (environ != nullptr && *environ != nullptr) return 1;
                          return std::filesystem::current_path() == before && ::geteuid() == ::getuid() ? 0 : 2;
                      }),
              0);
    EXPECT_EQ(log(), "");
    ::unsetenv("WEBSERV_TEST");
}

TEST_F(Settings, EachIsApplied) {
    WorkerSettings settings;
    settings.priority = 5;
    settings.rlimit_nofile = 99;
    settings.rlimit_core = 0;
    settings.working_directory = folder_;
    settings.affinity_auto = true;
    settings.environment = {"A=1"};
    EXPECT_EQ(applied(settings,
                      [&] {
                          rlimit limit{};
                          if (::getpriority(PRIO_PROCESS, 0) != 5) return 1;
                          if (::getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max != 99) return 2;
                          if (::getrlimit(RLIMIT_CORE, &limit) < 0 || limit.rlim_max != 0) return 3;
                          if (std::filesystem::current_path() != std::filesystem::canonical(folder_)) return 4;
                          if (sys::affinity()->count() != 1) return 5;
                          return sys::environment_variable("A") == "1" ? 0 : 6;
                      }),
              0);
    EXPECT_TRUE(logged("[notice]"));
    EXPECT_TRUE(logged("sched_setaffinity(): using cpu #"));
    EXPECT_FALSE(logged("failed"));
}

TEST_F(Settings, LimitsAreRaisedBeforeRootIsGivenUp) {
    WorkerSettings urgent;
    urgent.priority = -3;
    const bool may = applied(urgent, [] { return ::getpriority(PRIO_PROCESS, 0) == -3 ? 0 : 1; }) == 0;
    if (::geteuid() != 0 || !may) GTEST_SKIP() << "needs root with CAP_SYS_NICE";
    const auto nobody = sys::find_user("nobody");
    WorkerSettings settings;
    settings.identity = WorkerSettings::Identity{.user_name = "nobody", .user = nobody->user, .group = nobody->group};
    settings.priority = -3;  // less than now: only root may
    settings.rlimit_core = 12345;
    EXPECT_EQ(applied(settings,
                      [&] {
                          if (::getuid() != nobody->user || ::getegid() != nobody->group) return 1;
                          if (::prctl(PR_GET_DUMPABLE) != 1) return 2;  // setuid has taken it away
                          return ::getpriority(PRIO_PROCESS, 0) == -3 ? 0 : 3;
                      }),
              0);
    settings.rlimit_core.reset();
    EXPECT_EQ(applied(settings, [] { return ::prctl(PR_GET_DUMPABLE) == 1 ? 1 : 0; }), 0);
    EXPECT_FALSE(logged("failed")) << log();
}

TEST_F(Settings, AWorkerGoesOnWithoutItsLimits) {
    WorkerSettings settings;
    settings.rlimit_nofile = UINT64_MAX;
    settings.affinity = {mask(0)};
    EXPECT_EQ(applied(settings, [] { return 0; }), 0);
    EXPECT_TRUE(logged("[alert]"));
    EXPECT_TRUE(logged("setrlimit(RLIMIT_NOFILE, 18446744073709551615) failed (1: Operation not permitted)")) << log();
    EXPECT_TRUE(logged("sched_setaffinity() failed (22: Invalid argument)")) << log();
}

TEST_F(Settings, AWorkerDoesNotStartInTheWrongFolder) {
    WorkerSettings settings;
    settings.working_directory = folder_ + "/missing";
    EXPECT_EQ(applied(settings, [] { return 0; }), 100);
    EXPECT_TRUE(logged("chdir(\"" + settings.working_directory + "\") failed (2: No such file or directory)")) << log();
}

TEST_F(Settings, AWorkerDoesNotStartWithTheWrongRights) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    WorkerSettings settings;
    settings.identity = WorkerSettings::Identity{.user_name = "nobody", .user = static_cast<unsigned>(-1), .group = 65534};
    EXPECT_EQ(applied(settings, [] { return 0; }), 100);
    EXPECT_TRUE(logged("[emerg]"));
    EXPECT_TRUE(logged("setuid(4294967295) failed (22: Invalid argument)")) << log();
}

TEST(Affinity, MasksAreForOneWorkerEach) {
    WorkerSettings settings;
    EXPECT_EQ(affinity_of(settings, 0, mask(0b11)), std::nullopt);
    settings.affinity = {mask(0b01), mask(0b110)};
    EXPECT_EQ(affinity_of(settings, 0, mask(0b11)), mask(0b01));
    EXPECT_EQ(affinity_of(settings, 1, mask(0b11)), mask(0b110));
    EXPECT_EQ(affinity_of(settings, 2, mask(0b11)), mask(0b110));
    EXPECT_EQ(affinity_of(settings, 99, mask(0b11)), mask(0b110));
}

TEST(Affinity, AutoGoesAroundTheAllowedProcessors) {
    WorkerSettings settings;
    settings.affinity_auto = true;
    const unsigned long expected[] = {0b00010, 0b00100, 0b10000, 0b00010, 0b00100};
    for (unsigned worker = 0; worker < 5; ++worker) {
        EXPECT_EQ(affinity_of(settings, worker, mask(0b10110)), mask(expected[worker])) << worker;
    }
    settings.affinity = {mask(0b11000)};
    EXPECT_EQ(affinity_of(settings, 0, mask(0b10110)), mask(0b10000));
    EXPECT_EQ(affinity_of(settings, 1, mask(0b10110)), mask(0b10000));
    settings.affinity = {mask(0b01000)};
    EXPECT_EQ(affinity_of(settings, 0, mask(0b10110)), std::nullopt) << "not where we may not run";
}

TEST(WorkerSettings, AreEqualMemberByMember) {
    WorkerSettings one;
    WorkerSettings other;
    EXPECT_EQ(one, other);
    other.environment = {"A=1"};
    EXPECT_NE(one, other);
    one.environment = {"A=1"};
    one.identity = WorkerSettings::Identity{.user_name = "www", .user = 33, .group = 33};
    other.identity = WorkerSettings::Identity{.user_name = "www", .user = 33, .group = 34};
    EXPECT_NE(one, other);
}

}  // namespace
}  // namespace webserv::process
