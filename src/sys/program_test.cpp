// sys/program_test.cpp: a shell as the program, that tells what it was given.
// Its descriptors, signals and environment are read from the outside or written by itself to a pipe.
#include "sys/program.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "sys/file.hpp"
#include "sys/process.hpp"

namespace webserv::sys {
namespace {

struct Pipe {
    Pipe() {
        int ends[2] = {-1, -1};
        EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        reader.reset(ends[0]);
        writer.reset(ends[1]);
    }
    /// What was written until all writers have gone.
    std::string rest() {
        writer.reset();
        std::string text;
        char buffer[4096];
        for (ssize_t count; (count = ::read(reader.get(), buffer, sizeof buffer)) > 0;)
            text.append(buffer, static_cast<std::size_t>(count));
        return text;
    }
    Fd reader;
    Fd writer;
};

/// Runs a shell script that may write to the descriptor $OUT. @return what it wrote
std::string output_of(const std::string& script, std::vector<std::string> environment = {}) {
    Pipe pipe;
    environment.push_back("OUT=" + std::to_string(pipe.writer.get()));
    const int descriptors[] = {pipe.writer.get()};
    const auto child = spawn_program("/bin/sh", {"name of its own", "-c", script}, environment, descriptors);
    EXPECT_TRUE(child);
    if (!child) return {};
    std::string text = pipe.rest();
    const auto ended = wait_for_child(*child);
    EXPECT_TRUE(ended && ended->signal == 0 && ended->exit_status == 0);
    return text;
}

TEST(Program, GetsItsArgumentsAndNoOtherEnvironment) {
    EXPECT_EQ(output_of("echo \"$A,$HOME\" >&$OUT", {"A=x y"}), "x y,\n");
    EXPECT_EQ(output_of("tr '\\0' ' ' < /proc/$$/cmdline >&$OUT; exit 0").find("name of its own -c "), 0U);
}

TEST(Program, GetsOnlyTheDescriptorsThatAreNamed) {
    const Pipe other;
    const std::string link = "pipe:[" + std::to_string(status_of(other.reader)->inode) + "]";
    const std::string listed = output_of("ls -l /proc/$$/fd >&$OUT", {"PATH=/usr/bin:/bin"});
    EXPECT_NE(listed.find("pipe:["), listed.npos) << listed;  // the one it writes to
    EXPECT_EQ(listed.find(link), listed.npos) << listed;
    // Ours stays close-on-exec: only the child's was changed.
    Pipe pipe;
    const int descriptors[] = {pipe.writer.get()};
    const auto child = spawn_program("/bin/true", {"true"}, {}, descriptors);
    ASSERT_TRUE(child);
    EXPECT_EQ(::fcntl(pipe.writer.get(), F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(wait_for_child(*child)->exit_status, 0);
}

/// What the kernel says of a program's signals: not a shell's, for shells empty their mask themselves.
std::string status_of_program() {
    Pipe pipe;
    const int descriptors[] = {pipe.writer.get()};
    const auto child =
        spawn_program("/bin/cp", {"cp", "/proc/self/status", "/dev/fd/" + std::to_string(pipe.writer.get())}, {}, descriptors);
    if (!child) return {};
    std::string status = pipe.rest();
    [[maybe_unused]] const auto ended = wait_for_child(*child);
    return status;
}

TEST(Program, StartsWithNoSignalBlockedOrIgnored) {
    const auto child = fork_process();  // for our own mask's sake
    ASSERT_TRUE(child);
    if (*child == 0) {
        block_only({SIGTERM, SIGCHLD, SIGUSR1});
        ignore_broken_pipes();
        const std::string status = status_of_program();
        if (status.empty()) ::_exit(1);
        const auto signals = [&](const char* name) { return std::stoull(status.substr(status.find(name) + 7), nullptr, 16); };
        if (signals("SigBlk:") != 0) ::_exit(2);
        ::_exit((signals("SigIgn:") >> (SIGPIPE - 1) & 1U) == 0 ? 0 : 3);
    }
    EXPECT_EQ(wait_for_child(*child)->exit_status, 0);
}

TEST(Program, AnExecThatFailsIsOurError) {
    const auto missing = spawn_program("/no/such/program", {"x"}, {}, {});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, std::errc::no_such_file_or_directory);
    EXPECT_STREQ(missing.error().doing, "execve");
    EXPECT_EQ(spawn_program("/etc/passwd", {"x"}, {}, {}).error().code, std::errc::permission_denied);

    const int closed[] = {1000000};
    const auto bad = spawn_program("/bin/true", {"true"}, {}, closed);
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().code, std::errc::bad_file_descriptor);
    EXPECT_STREQ(bad.error().doing, "fcntl");
    EXPECT_EQ(wait_for_child(-1).error().code, std::errc::no_child_process) << "a child was left";
}

}  // namespace
}  // namespace webserv::sys
