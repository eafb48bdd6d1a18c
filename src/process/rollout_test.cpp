// process/rollout_test.cpp: a real supervisor whose workers fail at each step of a reload: it gets in place all the same.
// What a worker does is told by the plan it was born with; the board in shared memory says what happened.
#include "process/rollout.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <set>
#include <string>
#include <thread>

#include "process/worker.hpp"
#include "sys/file.hpp"
#include "sys/process.hpp"
#include "sys/shared_memory.hpp"

namespace webserv::process {
namespace {

using namespace std::chrono_literals;

constexpr unsigned workers = 3;
constexpr unsigned births_max = 64;

/// How the first worker of the first generation takes a reload; the others do as they should.
enum class Fault : unsigned char { none, dies_on_delivery, fails, is_silent, hangs, dies_when_prepared, dies_on_commit, quits_on_delivery };

struct Board {
    std::atomic<unsigned> births;
    std::atomic<pid_t> processes[births_max];
    std::atomic<unsigned> serves[births_max];  ///< the generation, by birth
    std::atomic<bool> told_to_quit[births_max];
};

bool holds_within(std::chrono::milliseconds limit, const auto& condition) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

bool is_there(pid_t process) { return process > 0 && ::kill(process, 0) == 0; }

class Reload : public testing::TestWithParam<Fault> {
protected:
    void SetUp() override {
        ::prctl(PR_SET_CHILD_SUBREAPER, 1);
        auto memory = sys::SharedMemory::create(sizeof(Board));
        ASSERT_TRUE(memory);
        memory_.emplace(std::move(*memory));
        board_ = new (memory_->bytes().data()) Board{};
        log_path_ = std::filesystem::temp_directory_path() / ("webserv_rollout_test." + std::to_string(::getpid()));
    }

    void TearDown() override {
        if (master_ > 0) ::kill(master_, SIGKILL);
        for (const auto& process : board_->processes) {
            if (is_there(process)) ::kill(process, SIGKILL);
        }
        while (sys::wait_for_child(-1)) {
        }
        std::filesystem::remove(log_path_);
    }

    void live(Worker& worker, unsigned generation, Fault fault) {
        const unsigned birth = board_->births++;
        if (birth >= births_max) ::_exit(1);
        board_->serves[birth] = generation;
        board_->processes[birth] = ::getpid();
        worker.on_order = [&](Order) {
            board_->told_to_quit[birth] = true;
            worker.loop.stop();
        };
        worker.on_delivery = [&](const Delivery& delivery) {
            if (fault == Fault::dies_on_delivery) ::_exit(3);
            if (fault == Fault::quits_on_delivery) return worker.loop.stop();
            if (fault == Fault::fails) return worker.answer(delivery.generation, false, "no room");
            if (fault == Fault::is_silent) return;
            if (fault == Fault::hangs) std::this_thread::sleep_for(1h);
            worker.answer(delivery.generation, true);
            if (fault == Fault::dies_when_prepared) ::_exit(3);
        };
        worker.on_commit = [&](std::uint64_t number) {
            if (fault == Fault::dies_on_commit) ::_exit(3);
            board_->serves[birth] = static_cast<unsigned>(number);
        };
        worker.loop.run();
    }

    std::shared_ptr<const Plan> plan(unsigned generation, Fault fault, std::shared_ptr<const observe::Log> log) {
        auto made = std::make_shared<Plan>();
        made->workers = workers;
        made->patience = {.prepare = 150ms, .silent = 150ms};
        made->run = [this, generation, fault](Worker& worker) { live(worker, generation, worker.index == 0 ? fault : Fault::none); };
        made->parcel = [](unsigned) { return Parcel{}; };
        made->next = [this, generation, log] { return plan(generation + 1, Fault::none, log); };
        made->log = std::move(log);
        return made;
    }

    void start(Fault fault) {
        const auto process = sys::fork_process();
        ASSERT_TRUE(process);
        if (*process == 0) {
            auto log = std::make_shared<observe::Log>();
            log->add(*observe::open_sink(log_path_), observe::Level::notice);
            auto metrics = observe::Metrics::create(16);
            ::_exit(metrics ? supervise(plan(1, fault, std::move(log)), *metrics) : 99);
        }
        master_ = *process;
        ASSERT_TRUE(holds_within(5s, [&] { return board_->births >= workers && board_->processes[workers - 1] != 0; }));
    }

    /// Whether as many as there should be are alive, and all of them serve this generation.
    [[nodiscard]] bool all_serve(unsigned generation) const {
        unsigned count = 0;
        for (unsigned birth = 0; birth < births_max; ++birth) {
            if (board_->processes[birth] == 0 || board_->told_to_quit[birth] || !is_there(board_->processes[birth])) continue;
            if (board_->serves[birth] != generation) return false;
            ++count;
        }
        return count == workers;
    }

    [[nodiscard]] std::set<pid_t> first_born() const {
        std::set<pid_t> born;
        for (unsigned birth = 0; birth < workers; ++birth) born.insert(board_->processes[birth]);
        return born;
    }

    [[nodiscard]] bool ends(int signal) {
        ::kill(master_, signal);
        bool ended = false;
        return holds_within(5s, [&] {
            while (const auto child = sys::reap_child()) ended = ended || child->process == master_;
            if (ended) master_ = 0;
            return ended;
        });
    }

    [[nodiscard]] std::string log() const { return sys::read_whole(log_path_.c_str()).value_or(""); }

    std::string log_path_;
    Board* board_ = nullptr;
    pid_t master_ = 0;

private:
    std::optional<sys::SharedMemory> memory_;
};

TEST_P(Reload, GetsInPlaceWhateverAWorkerDoes) {
    start(GetParam());
    ::kill(master_, SIGHUP);
    EXPECT_TRUE(holds_within(8s, [&] { return all_serve(2); })) << log();
    EXPECT_TRUE(holds_within(5s, [&] { return log().find("generation 2 of the configuration is in place") != std::string::npos; }))
        << log();
    const auto stayed = [&] {  // one that leaves takes a moment
        const auto born = first_born();
        return static_cast<unsigned>(std::count_if(born.begin(), born.end(), is_there));
    };
    const unsigned expected = GetParam() == Fault::none ? workers : workers - 1;
    EXPECT_TRUE(holds_within(5s, [&] { return stayed() <= expected; })) << log();
    EXPECT_EQ(stayed(), expected) << log();

    ::kill(master_, SIGHUP);  // whoever came as a replacement takes part from now on
    EXPECT_TRUE(holds_within(8s, [&] { return all_serve(3); })) << log();
    EXPECT_EQ(board_->births, GetParam() == Fault::none ? workers : workers + 1);
    EXPECT_TRUE(ends(SIGQUIT)) << log();
}

TEST_P(Reload, EndsInTheMiddle) {
    for (const int signal : {SIGQUIT, SIGTERM}) {
        board_ = new (board_) Board{};
        start(GetParam());
        ::kill(master_, SIGHUP);
        if (GetParam() == Fault::hangs && signal == SIGQUIT) {
            // Nobody ends a worker that is busy, unless it fell silent before the order came.
            ASSERT_TRUE(holds_within(5s, [&] { return all_serve(2); })) << log();
        }
        EXPECT_TRUE(ends(signal)) << log();
        for (unsigned birth = 0; birth < births_max; ++birth) EXPECT_FALSE(is_there(board_->processes[birth])) << log();
    }
}

INSTANTIATE_TEST_SUITE_P(Faults, Reload,
                         testing::Values(Fault::none, Fault::dies_on_delivery, Fault::fails, Fault::is_silent, Fault::hangs,
                                         Fault::dies_when_prepared, Fault::dies_on_commit, Fault::quits_on_delivery));

using ReloadStorm = Reload;

TEST_F(ReloadStorm, OvertakesAReloadThatIsUnderWay) {
    start(Fault::is_silent);
    ::kill(master_, SIGHUP);
    ASSERT_TRUE(holds_within(5s, [&] { return log().find("reconfiguring") != std::string::npos; }));
    ::kill(master_, SIGHUP);
    EXPECT_TRUE(holds_within(8s, [&] { return all_serve(3); })) << log();
    EXPECT_EQ(log().find("generation 2 of the configuration is in place"), std::string::npos) << log();
    EXPECT_TRUE(ends(SIGQUIT));
}

TEST_F(ReloadStorm, AStoppedWorkerDoesNotHoldTheOthersUp) {
    start(Fault::none);
    const pid_t stopped = board_->processes[0];
    ::kill(stopped, SIGSTOP);
    ::kill(master_, SIGHUP);
    EXPECT_TRUE(holds_within(8s, [&] { return !is_there(stopped) && all_serve(2); })) << log();
    EXPECT_TRUE(ends(SIGQUIT));
}

}  // namespace
}  // namespace webserv::process
