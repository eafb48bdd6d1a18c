// observe/log_test.cpp: the lines that reach a file, octet by octet.
// Forged lines, long lines and forks included.
#include "observe/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "sys/file.hpp"
#include "sys/process.hpp"

namespace webserv::observe {
namespace {

using namespace std::string_literals;
using testing::EndsWith;
using testing::MatchesRegex;

class LogTest : public testing::Test {
protected:
    void SetUp() override { std::filesystem::create_directory(folder_); }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }
    [[nodiscard]] std::string content(const std::string& name) const { return sys::read_whole(path(name).c_str()).value(); }
    [[nodiscard]] std::shared_ptr<LogSink> sink(const std::string& name) const { return open_sink(path(name)).value(); }

    std::filesystem::path folder_ = std::filesystem::temp_directory_path() / ("webserv_log_test." + std::to_string(::getpid()));
};

TEST_F(LogTest, WritesNginxsLines) {
    Log log;
    log.add(sink("log"), Level::error);
    log.write(Level::error, "open() \"/x\" failed (2: No such file or directory)", 7);
    const std::string pid = std::to_string(::getpid());
    EXPECT_THAT(content("log"), MatchesRegex("[0-9]{4}/[01][0-9]/[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9] \\[error\\] " + pid + "#" +
                                             pid + ": \\*7 open\\(\\) \"/x\" failed \\(2: No such file or directory\\)\n"));
    log.write(Level::alert, "without a connection");
    EXPECT_THAT(content("log"), EndsWith(" [alert] " + pid + "#" + pid + ": without a connection\n"));
}

TEST_F(LogTest, EachSinkTakesItsLevels) {
    Log log;
    EXPECT_TRUE(log.takes(Level::notice));
    EXPECT_FALSE(log.takes(Level::info));
    log.add(sink("crit"), Level::crit);
    EXPECT_FALSE(log.takes(Level::error)) << "the first sink replaces stderr";
    log.add(sink("warn"), Level::warn);
    EXPECT_TRUE(log.takes(Level::warn));
    EXPECT_FALSE(log.takes(Level::notice));

    for (const Level level : {Level::emerg, Level::crit, Level::error, Level::warn, Level::notice}) log.write(level, "x");
    const auto lines = [&](const std::string& name) {
        const std::string text = content(name);
        return std::count(text.begin(), text.end(), '\n');
    };
    EXPECT_EQ(lines("crit"), 2);
    EXPECT_EQ(lines("warn"), 4);
}

TEST_F(LogTest, NobodyForgesALine) {
    Log log;
    log.add(sink("log"), Level::info);
    log.write(Level::info, "a\nb\r\0c\x1b[31m\x7f\tü"s);
    EXPECT_THAT(content("log"), EndsWith(": a\\x0Ab\\x0D\\x00c\\x1B[31m\\x7F\\x09ü\n"));
}

TEST_F(LogTest, CutsLongLines) {
    Log log;
    log.add(sink("long"), Level::info);
    log.write(Level::info, std::string(10'000, 'x'));
    EXPECT_EQ(content("long").size(), 4096U);
    EXPECT_THAT(content("long"), EndsWith("xxx\n"));

    // Whatever the alignment, an escape is whole or missing.
    for (unsigned shift = 0; shift < 4; ++shift) {
        Log escaped;
        const std::string name = "escaped" + std::to_string(shift);
        escaped.add(sink(name), Level::info);
        escaped.write(Level::info, std::string(shift, 'x') + std::string(5000, '\n'));
        EXPECT_LE(content(name).size(), 4096U);
        EXPECT_GT(content(name).size(), 4092U);
        EXPECT_THAT(content(name), EndsWith("\\x0A\\x0A\n"));
    }
}

TEST_F(LogTest, AChildWritesItsOwnNumber) {
    Log log;
    log.add(sink("log"), Level::info);
    log.write(Level::info, "parent");
    const auto child = sys::fork_process();
    ASSERT_TRUE(child);
    if (*child == 0) {
        log.write(Level::info, "child");
        ::_exit(0);
    }
    ASSERT_TRUE(sys::wait_for_child(*child));
    const std::string pid = std::to_string(*child);
    EXPECT_THAT(content("log"), EndsWith(" " + pid + "#" + pid + ": child\n"));
}

TEST_F(LogTest, WritesToStderr) {
    Log log;
    testing::internal::CaptureStderr();
    log.write(Level::notice, "by default");
    log.write(Level::info, "not this");
    log.add(open_sink("stderr").value(), Level::info);
    log.write(Level::info, "by name");
    const std::string text = testing::internal::GetCapturedStderr();
    EXPECT_THAT(text, MatchesRegex(".*: by default\n.*\\[info\\].*: by name\n"));
    EXPECT_FALSE(std::filesystem::exists("stderr"));
}

TEST_F(LogTest, NeverFailsItsCaller) {
    EXPECT_EQ(open_sink(path("missing/log")).error().code, std::errc::no_such_file_or_directory);
    Log log;
    log.add(open_sink("/dev/full").value(), Level::info);
    errno = ENOTTY;
    log.write(Level::info, "nowhere");
    EXPECT_EQ(errno, ENOTTY);
}

TEST(LogLevel, NamesAreNginxs) {
    const std::string_view names[] = {"emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"};
    for (unsigned i = 0; i < std::size(names); ++i) {
        const auto level = parse_level(names[i]);
        ASSERT_TRUE(level) << names[i];
        EXPECT_EQ(static_cast<unsigned>(*level), i + 1);
        EXPECT_EQ(level_name(*level), names[i]);
    }
    for (const std::string_view name : {"", "ERROR", "warning", "errors"}) EXPECT_FALSE(parse_level(name)) << name;
}

}  // namespace
}  // namespace webserv::observe
