// process/process_test.cpp: a real supervisor in a child process, watched through shared memory, signals and its pid file.
// Conditions are polled with a deadline, and the test is the subreaper of whatever it starts.
#include "sys/process.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "process/master.hpp"
#include "process/pid_file.hpp"
#include "process/worker.hpp"
#include "sys/file.hpp"
#include "sys/shared_memory.hpp"

namespace webserv::process {
namespace {

using namespace std::chrono_literals;

constexpr unsigned births_max = 64;

/// What the processes under test tell the test.
struct Board {
    std::atomic<unsigned> births;
    std::atomic<pid_t> workers[births_max];  ///< in the order of their births
    std::atomic<unsigned> orders[2];         ///< how many workers got a stop, a quit
    std::atomic<bool> hold_on;               ///< workers that are told to quit finish only once this is false
};

bool holds_within(std::chrono::milliseconds limit, const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

bool exists(pid_t process) { return ::kill(process, 0) == 0; }

class Supervisor : public testing::Test {
protected:
    void SetUp() override {
        // Orphans of a killed master become our children, so that we see their end and leave none behind.
        ::prctl(PR_SET_CHILD_SUBREAPER, 1);
        auto memory = sys::SharedMemory::create(sizeof(Board));
        ASSERT_TRUE(memory);
        memory_.emplace(std::move(*memory));
        board_ = new (memory_->bytes().data()) Board{};
        folder_ = std::filesystem::temp_directory_path() / ("webserv_process_test." + std::to_string(::getpid()));
        std::filesystem::create_directory(folder_);
        plan_.workers = 2;
        plan_.pid_path = folder_ / "pid";
        plan_.run = [this](Worker& worker) { live(worker); };
    }

    void TearDown() override {
        // Only a failed test leaves somebody behind; the master first, for it would replace the others.
        if (HasFailure() && master_ > 0) ::kill(master_, SIGKILL);
        if (HasFailure() && !nobody_left()) {
            for (const pid_t process : everybody()) ::kill(process, SIGKILL);
        }
        while (sys::wait_for_child(-1)) {
        }
        std::filesystem::remove_all(folder_);
    }

    void live(Worker& worker) {
        worker.on_order = [this, &worker](Order order) {
            ++board_->orders[static_cast<unsigned>(order)];
            if (order == Order::quit && board_->hold_on) return;
            worker.loop.stop();
        };
        announce();
        worker.loop.run();
    }

    void announce() {
        const unsigned birth = board_->births++;
        if (birth < births_max) board_->workers[birth] = ::getpid();
    }

    /// Forks a process that supervises as planned; its exit status is that of supervise().
    void start() {
        const auto process = sys::fork_process();
        ASSERT_TRUE(process);
        if (*process == 0) {
            auto log = std::make_shared<observe::Log>();
            log->add(*observe::open_sink((folder_ / "log").string()), observe::Level::notice);
            plan_.log = std::move(log);
            auto metrics = observe::Metrics::create(16);
            ::_exit(metrics ? supervise(std::make_shared<const Plan>(plan_), *metrics) : 99);
        }
        master_ = *process;
    }

    [[nodiscard]] bool born(unsigned count) const {
        return holds_within(5s, [&] {
            const auto first = std::begin(board_->workers);
            return std::all_of(first, first + count, [](const auto& worker) { return worker != 0; });
        });
    }

    [[nodiscard]] std::set<pid_t> everybody() const {
        std::set<pid_t> processes;
        for (const auto& worker : board_->workers) {
            if (worker != 0) processes.insert(worker);
        }
        return processes;
    }

    /// Waits for the end of the supervisor. @return its exit status, or -1
    [[nodiscard]] int ended_within(std::chrono::milliseconds limit) {
        std::optional<sys::EndedChild> ended;
        holds_within(limit, [&] {
            while (const auto child = sys::reap_child()) {
                if (child->process == master_) ended = child;
            }
            return ended.has_value();
        });
        if (!ended || ended->signal != 0) return -1;
        master_ = 0;
        return ended->exit_status;
    }

    [[nodiscard]] bool nobody_left() const {
        return holds_within(5s, [&] {
            while (sys::reap_child()) {
            }
            for (const pid_t process : everybody()) {
                if (exists(process)) return false;
            }
            return true;
        });
    }

    [[nodiscard]] std::string log() const { return sys::read_whole((folder_ / "log").c_str()).value_or(""); }

    std::filesystem::path folder_;
    Plan plan_;
    Board* board_ = nullptr;
    pid_t master_ = 0;

private:
    std::optional<sys::SharedMemory> memory_;
};

TEST_F(Supervisor, RunsAsManyWorkersAsPlanned) {
    plan_.workers = 5;
    start();
    ASSERT_TRUE(born(5));
    EXPECT_EQ(everybody().size(), 5U);
    for (const pid_t worker : everybody()) EXPECT_TRUE(exists(worker));
    ::kill(master_, SIGTERM);
    EXPECT_EQ(ended_within(5s), 0);
    EXPECT_TRUE(nobody_left());
    EXPECT_EQ(board_->births, 5U);
}

TEST_F(Supervisor, ReplacesAKilledWorkerWithinASecond) {
    start();
    ASSERT_TRUE(born(2));
    const pid_t victim = board_->workers[0];
    ::kill(victim, SIGKILL);
    ASSERT_TRUE(holds_within(1s, [&] { return board_->births >= 3; }));
    ASSERT_TRUE(born(3));
    EXPECT_FALSE(exists(victim)) << "a zombie";
    EXPECT_NE(log().find("[alert] " + std::to_string(master_)), std::string::npos) << log();
    EXPECT_NE(log().find("worker process " + std::to_string(victim) + " exited on signal 9\n"), std::string::npos) << log();
    ::kill(master_, SIGTERM);
    EXPECT_EQ(ended_within(5s), 0);
    EXPECT_TRUE(nobody_left());
}

TEST_F(Supervisor, StopsAtOnceOnTermAndInt) {
    for (const int signal : {SIGTERM, SIGINT}) {
        const unsigned before = board_->births;
        start();
        ASSERT_TRUE(born(before + 2));
        board_->hold_on = true;
        ::kill(master_, signal);
        EXPECT_EQ(ended_within(5s), 0) << sys::signal_name(signal);
        EXPECT_TRUE(nobody_left());
    }
    EXPECT_EQ(board_->orders[static_cast<unsigned>(Order::stop)], 4U);
    EXPECT_EQ(board_->orders[static_cast<unsigned>(Order::quit)], 0U);
}

TEST_F(Supervisor, LetsWorkersFinishOnQuit) {
    start();
    ASSERT_TRUE(born(2));
    ::kill(master_, SIGQUIT);
    EXPECT_EQ(ended_within(5s), 0);
    EXPECT_TRUE(nobody_left());
    EXPECT_EQ(board_->orders[static_cast<unsigned>(Order::quit)], 2U);
    EXPECT_EQ(board_->orders[static_cast<unsigned>(Order::stop)], 0U);
}

TEST_F(Supervisor, StopsAtOnceOnTermAfterQuit) {
    start();
    ASSERT_TRUE(born(2));
    board_->hold_on = true;
    ::kill(master_, SIGQUIT);
    ASSERT_TRUE(holds_within(5s, [&] { return board_->orders[static_cast<unsigned>(Order::quit)] == 2; }));
    EXPECT_TRUE(exists(master_));
    ::kill(master_, SIGTERM);
    EXPECT_EQ(ended_within(5s), 0);
    EXPECT_TRUE(nobody_left());
}

TEST_F(Supervisor, KillsWorkersThatDoNotStop) {
    plan_.run = [this](Worker&) {
        announce();
        for (;;) ::pause();
    };
    start();
    ASSERT_TRUE(born(2));
    const auto asked = std::chrono::steady_clock::now();
    ::kill(master_, SIGTERM);
    EXPECT_EQ(ended_within(5s), 0);
    EXPECT_GE(std::chrono::steady_clock::now() - asked, 900ms) << "they had no time to obey";
    EXPECT_TRUE(nobody_left());
}

TEST_F(Supervisor, WritesAndRemovesThePidFile) {
    start();
    ASSERT_TRUE(born(2));
    const auto content = sys::read_whole(plan_.pid_path.c_str());
    ASSERT_TRUE(content);
    EXPECT_EQ(*content, std::to_string(master_) + "\n");
    ::kill(master_, SIGTERM);
    EXPECT_EQ(ended_within(5s), 0);
    EXPECT_FALSE(std::filesystem::exists(plan_.pid_path));
}

TEST_F(Supervisor, LeavesAPidFileThatIsNoLongerItsOwn) {
    start();
    ASSERT_TRUE(born(2));
    const auto file = sys::create_or_truncate(plan_.pid_path.c_str());
    ASSERT_TRUE(file && sys::write_all(*file, "1\n"));
    ::kill(master_, SIGTERM);
    EXPECT_EQ(ended_within(5s), 0);
    EXPECT_TRUE(std::filesystem::exists(plan_.pid_path));
}

TEST_F(Supervisor, FailsIfThePidFileCannotBeWritten) {
    plan_.pid_path = folder_ / "missing" / "pid";
    start();
    EXPECT_EQ(ended_within(5s), 1);
    EXPECT_EQ(board_->births, 0U);
    EXPECT_NE(log().find("[emerg]"), std::string::npos);
    EXPECT_NE(log().find("open() \"" + plan_.pid_path + "\" failed (2: No such file or directory)\n"), std::string::npos) << log();
}

TEST_F(Supervisor, WorkersDrainWhenTheirMasterIsKilled) {
    start();
    ASSERT_TRUE(born(2));
    // A worker born later inherits what the master held then: it must not keep the others from noticing, however long it drains.
    ::kill(board_->workers[0], SIGKILL);
    ASSERT_TRUE(born(3));
    board_->hold_on = true;
    ::kill(master_, SIGKILL);
    EXPECT_TRUE(holds_within(5s, [&] { return board_->orders[static_cast<unsigned>(Order::quit)] == 2; }));
    for (const unsigned survivor : {1U, 2U}) ::kill(board_->workers[survivor], SIGTERM);
    EXPECT_TRUE(nobody_left());
}

TEST_F(Supervisor, SlowsDownWhenWorkersKeepDyingAtBirth) {
    plan_.workers = 1;
    plan_.run = [this](Worker&) {
        announce();
        ::_exit(7);
    };
    start();
    ASSERT_TRUE(holds_within(900ms, [&] { return board_->births >= 2; })) << "the first replacement is immediate";
    ASSERT_TRUE(holds_within(3s, [&] { return board_->births >= 3; })) << "it goes on trying";
    EXPECT_LE(board_->births, 3U);
    EXPECT_NE(log().find("exited with code 7\n"), std::string::npos) << log();
    ::kill(master_, SIGTERM);
    EXPECT_EQ(ended_within(900ms), 0) << "nobody to wait for";
}

TEST_F(Supervisor, DoesNotRepeatAWorkerThatCannotBegin) {
    plan_.run = [this](Worker&) {
        announce();
        ::_exit(fatal_status);
    };
    start();
    EXPECT_EQ(ended_within(5s), 1);
    EXPECT_EQ(board_->births, 2U);
    EXPECT_NE(log().find("exited with fatal code 2 and cannot be respawned\n"), std::string::npos) << log();
}

TEST_F(Supervisor, SurvivesSignalsItDoesNotObey) {
    start();
    ASSERT_TRUE(born(2));
    for (const int signal : {SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGPIPE}) {
        ::kill(master_, signal);
        ::kill(board_->workers[0], signal);
    }
    ASSERT_TRUE(holds_within(5s, [&] { return log().find("(SIGUSR2)") != std::string::npos; }));
    EXPECT_NE(log().find("signal 1 (SIGHUP) received from " + std::to_string(::getpid())), std::string::npos) << log();
    EXPECT_NE(log().find("there is no configuration to load again"), std::string::npos) << log();
    ::kill(master_, SIGTERM);
    EXPECT_EQ(ended_within(5s), 0);
    EXPECT_EQ(board_->births, 2U);
    EXPECT_EQ(board_->orders[static_cast<unsigned>(Order::stop)], 2U);
}

TEST_F(Supervisor, WorksAloneWithoutAMaster) {
    plan_.master = false;
    for (const int signal : {SIGTERM, SIGINT, SIGQUIT}) {
        const unsigned before = board_->births;
        start();
        ASSERT_TRUE(born(before + 1));
        EXPECT_EQ(board_->workers[before], master_);
        ::kill(master_, SIGHUP);
        ::kill(master_, signal);
        EXPECT_EQ(ended_within(5s), 0) << sys::signal_name(signal);
        EXPECT_FALSE(std::filesystem::exists(plan_.pid_path));
    }
    EXPECT_EQ(board_->orders[static_cast<unsigned>(Order::stop)], 2U);
    EXPECT_EQ(board_->orders[static_cast<unsigned>(Order::quit)], 1U);
}

TEST_F(Supervisor, BecomesADaemon) {
    plan_.daemon = true;
    start();
    ASSERT_EQ(ended_within(5s), 0) << "the first process leaves once the daemon runs";
    const auto content = sys::read_whole(plan_.pid_path.c_str());
    ASSERT_TRUE(content) << "it was written before";
    master_ = parse_pid(*content).value_or(0);
    ASSERT_GT(master_, 1);
    ASSERT_TRUE(born(2));
    EXPECT_EQ(::getsid(master_), master_);
    for (const char* stream : {"0", "1", "2"}) {
        const auto path = std::filesystem::path{"/proc"} / std::to_string(master_) / "fd" / stream;
        EXPECT_EQ(std::filesystem::read_symlink(path), "/dev/null") << stream;
    }
    ::kill(master_, SIGTERM);
    EXPECT_EQ(ended_within(5s), 0);
}

TEST_F(Supervisor, ADaemonThatCannotBeginSaysSo) {
    plan_.daemon = true;
    plan_.pid_path = folder_ / "missing" / "pid";
    start();
    EXPECT_EQ(ended_within(5s), 1);
}

TEST_F(Supervisor, WorkersGiveUpRoot) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    plan_.workers = 1;
    plan_.settings.identity = WorkerSettings::Identity{"nobody", 65534, 65534};
    plan_.run = [this](Worker& worker) {
        board_->orders[0] = ::geteuid();
        board_->orders[1] = ::getegid();
        announce();
        worker.loop.run();
    };
    start();
    ASSERT_TRUE(born(1));
    EXPECT_EQ(board_->orders[0], 65534U);
    EXPECT_EQ(board_->orders[1], 65534U);
    ::kill(master_, SIGTERM);
    EXPECT_EQ(ended_within(5s), 0) << "without on_order, an order stops the loop";
}

}  // namespace
}  // namespace webserv::process
