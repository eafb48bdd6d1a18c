// process/running_test.cpp: the -s option with the pid files it meets in the wild; the messages are nginx's.
// Signals go to children of the test only.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "process/master.hpp"
#include "process/pid_file.hpp"
#include "sys/file.hpp"
#include "sys/process.hpp"

namespace webserv::process {
namespace {

TEST(PidFile, ParsesOnlyNumbersOfProcesses) {
    struct Case {
        std::string_view content;
        std::optional<pid_t> expected;
    };
    const Case cases[] = {
        {"812\n", 812},
        {"1", 1},
        {"812\r\n", 812},
        {"", std::nullopt},
        {"\n", std::nullopt},
        {"0", std::nullopt},
        {"-1", std::nullopt},
        {"12 13", std::nullopt},
        {" 12", std::nullopt},
        {"4294967295", std::nullopt},
        {"99999999999999999999", std::nullopt},
    };
    for (const auto& c : cases) EXPECT_EQ(parse_pid(c.content), c.expected) << c.content;
}

class SignalOption : public testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() / ("webserv_running_test." + std::to_string(::getpid()));
        std::filesystem::create_directory(folder_);
        log_.add(*observe::open_sink((folder_ / "log").string()), observe::Level::notice);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::string pid_path() const { return (folder_ / "pid").string(); }
    void write_pid(std::string_view content) const {
        const auto file = sys::create_or_truncate(pid_path().c_str());
        ASSERT_TRUE(file && sys::write_all(*file, content));
    }
    [[nodiscard]] testing::AssertionResult logged(const std::string& end) const {
        const std::string text = sys::read_whole((folder_ / "log").c_str()).value_or("");
        if (text.ends_with(": " + end + "\n")) return testing::AssertionSuccess();
        return testing::AssertionFailure() << text;
    }

    std::filesystem::path folder_;
    observe::Log log_;
};

TEST_F(SignalOption, SendsWhatTheNameMeans) {
    for (const auto& [name, signal] :
         {std::pair{"stop", SIGTERM}, std::pair{"quit", SIGQUIT}, std::pair{"reload", SIGHUP}, std::pair{"reopen", SIGUSR1}}) {
        // We may have been started with it ignored, as a shell's background jobs are. Before the fork, or it is lost on a slow child.
        const auto before = ::signal(signal, SIG_DFL);
        const auto child = sys::fork_process();
        ASSERT_TRUE(child);
        if (*child == 0) {
            for (;;) ::pause();
        }
        ::signal(signal, before);
        write_pid(std::to_string(*child) + "\n");
        EXPECT_EQ(signal_running(name, pid_path(), log_), 0);
        const auto ended = sys::wait_for_child(*child);
        ASSERT_TRUE(ended);
        EXPECT_EQ(ended->signal, signal);
    }
}

TEST_F(SignalOption, TellsWhatIsWrong) {
    EXPECT_EQ(signal_running("stop", pid_path(), log_), 1);
    EXPECT_TRUE(logged("open() \"" + pid_path() + "\" failed (2: No such file or directory)"));

    write_pid("rubbish\n");
    EXPECT_EQ(signal_running("stop", pid_path(), log_), 1);
    EXPECT_TRUE(logged("invalid PID number \"rubbish\" in \"" + pid_path() + "\""));

    write_pid("");
    EXPECT_EQ(signal_running("stop", pid_path(), log_), 1);
    EXPECT_TRUE(logged("invalid PID number \"\" in \"" + pid_path() + "\""));

    const auto child = sys::fork_process();
    ASSERT_TRUE(child);
    if (*child == 0) ::_exit(0);
    ASSERT_TRUE(sys::wait_for_child(*child));
    write_pid(std::to_string(*child) + "\n");
    EXPECT_EQ(signal_running("quit", pid_path(), log_), 1);
    EXPECT_TRUE(logged("kill(" + std::to_string(*child) + ", 3) failed (3: No such process)"));
}

}  // namespace
}  // namespace webserv::process
