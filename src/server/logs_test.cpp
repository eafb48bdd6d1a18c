// server/logs_test.cpp: access log lines gather and leave together; a log that cannot take them loses lines, never time.
// Real files and pipes: what is gathered, what is written when, what is dropped.
#include "server/logs.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace webserv::server {
namespace {

using observe::Counter;
using std::chrono::seconds;

class Pipe {
public:
    Pipe() {
        int ends[2];
        EXPECT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
        read_end_.reset(ends[0]);
        sink->path = "/pipe";
        sink->file.reset(ends[1]);
    }
    // All that is in it now.
    std::string take() {
        std::string text;
        char buffer[4096];
        for (ssize_t count; (count = ::read(read_end_.get(), buffer, sizeof buffer)) > 0;)
            text.append(buffer, static_cast<std::size_t>(count));
        return text;
    }
    void close_reader() { read_end_.reset(); }

    std::shared_ptr<observe::LogSink> sink = std::make_shared<observe::LogSink>();

private:
    sys::Fd read_end_;
};

const io::TimePoint now{seconds{1000}};

TEST(AccessLog, GathersLinesUntilTheTurnEnds) {
    Pipe pipe;
    observe::WorkerMetrics metrics;
    AccessLog log{pipe.sink, metrics};
    EXPECT_TRUE(log.empty());
    EXPECT_EQ(log.due(), io::never);
    log.append("one\n", now);
    log.append("two\n", now);
    EXPECT_EQ(pipe.take(), "");
    EXPECT_FALSE(log.empty());
    log.flush(now, false);
    EXPECT_EQ(pipe.take(), "one\ntwo\n");
    EXPECT_TRUE(log.empty());
    EXPECT_EQ(log.due(), io::never);
    log.flush(now, true);
    EXPECT_EQ(pipe.take(), "");
}

TEST(AccessLog, KeepsLinesAsLongAsItsBufferMay) {
    Pipe pipe;
    observe::WorkerMetrics metrics;
    AccessLog log{pipe.sink, metrics};
    log.configure({.buffer_bytes = 1000, .flush = seconds{5}});
    log.append("one\n", now);
    log.append("two\n", now + seconds{1});
    EXPECT_EQ(log.due(), now + seconds{5});
    log.flush(now + seconds{4}, false);
    EXPECT_EQ(pipe.take(), "");
    log.flush(now + seconds{5}, false);
    EXPECT_EQ(pipe.take(), "one\ntwo\n");

    log.configure({.buffer_bytes = 1000});
    log.append("three\n", now);
    log.flush(now + seconds{9999}, false);
    EXPECT_EQ(pipe.take(), "");
    log.flush(now, true);  // the worker ends, or logs are reopened
    EXPECT_EQ(pipe.take(), "three\n");
}

TEST(AccessLog, WritesWhatItHasBeforeItsBufferIsTooSmall) {
    Pipe pipe;
    observe::WorkerMetrics metrics;
    AccessLog log{pipe.sink, metrics};
    log.configure({.buffer_bytes = 10});
    log.append("12345\n", now);
    log.append("789\n", now);  // full to the last octet
    EXPECT_EQ(pipe.take(), "");
    log.append("x\n", now);
    EXPECT_EQ(pipe.take(), "12345\n789\n");
    log.flush(now, true);
    EXPECT_EQ(pipe.take(), "x\n");

    log.append("longer than ten\n", now);
    EXPECT_EQ(pipe.take(), "longer than ten\n");
    EXPECT_TRUE(log.empty());

    log.configure({});
    const std::string line = std::string(999, 'x') + "\n";
    for (int i = 0; i < 66; ++i) log.append(line, now);  // a turn's lines have a bound of their own: 64k
    EXPECT_EQ(pipe.take().size(), 65U * line.size());
}

TEST(AccessLog, DropsAndCountsWhatAFullPipeDoesNotTake) {
    Pipe pipe;
    observe::WorkerMetrics metrics;
    AccessLog log{pipe.sink, metrics};
    const std::string line = std::string(99, 'x') + "\n";
    for (int i = 0; i < 2000; ++i) log.append(line, now);  // 200 kB, more than a pipe holds
    log.flush(now, false);
    EXPECT_TRUE(log.empty());
    const std::string taken = pipe.take();
    const auto whole_lines = std::count(taken.begin(), taken.end(), '\n');
    EXPECT_GT(whole_lines, 0);
    EXPECT_LT(whole_lines, 2000);
    EXPECT_EQ(metrics.get(Counter::log_lines_dropped), 2000 - whole_lines);

    log.append("later\n", now);
    log.flush(now, false);
    EXPECT_TRUE(pipe.take().ends_with("later\n"));
}

TEST(AccessLog, CountsLinesThatNobodyReads) {
    ::signal(SIGPIPE, SIG_IGN);
    Pipe pipe;
    pipe.close_reader();
    observe::WorkerMetrics metrics;
    AccessLog log{pipe.sink, metrics};
    log.append("one\n", now);
    log.append("two\n", now);
    log.flush(now, false);
    EXPECT_EQ(metrics.get(Counter::log_lines_dropped), 2);
    const auto failure = log.take_failure();
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code, std::errc::broken_pipe);

    log.append("three\n", now + seconds{59});
    log.flush(now + seconds{59}, false);
    EXPECT_FALSE(log.take_failure()) << "one complaint a minute";
    log.append("four\n", now + seconds{60});
    log.flush(now + seconds{60}, false);
    EXPECT_TRUE(log.take_failure());
    EXPECT_EQ(metrics.get(Counter::log_lines_dropped), 4);
}

TEST(AccessLog, ChangesItsOptionsBetweenLines) {
    Pipe pipe;
    observe::WorkerMetrics metrics;
    AccessLog log{pipe.sink, metrics};
    log.configure({.buffer_bytes = 1000});
    log.append("plain\n", now);
    log.configure({.buffer_bytes = 1000, .gzip_level = 1});
    EXPECT_EQ(pipe.take(), "plain\n");
    log.append("packed\n", now);
    log.configure({.buffer_bytes = 1000, .gzip_level = 1});
    EXPECT_EQ(pipe.take(), "") << "nothing has changed";
    log.flush(now, true);
    EXPECT_EQ(pipe.take().substr(0, 3), "\x1f\x8b\x08");
}

class LogFilesTest : public testing::Test {
protected:
    LogFilesTest() {
        char name[] = "/tmp/logs_test.XXXXXX";
        folder_ = ::mkdtemp(name);
    }
    ~LogFilesTest() override { std::filesystem::remove_all(folder_); }
    [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
    [[nodiscard]] std::string content(const std::string& name) const {
        std::ostringstream text;
        text << std::ifstream{path(name)}.rdbuf();
        return text.str();
    }
    static std::unique_ptr<Location> location(const config::SettingsTable& outer, const std::string& error_log) {
        auto result = std::make_unique<Location>();
        result->name = "/" + error_log;
        result->settings = outer.derive();
        if (!error_log.empty()) result->settings.own<ErrorLogSettings>().targets.add({.place = {.path = error_log}});
        return result;
    }
    // A site whose one server has locations with these error logs; "" inherits.
    Site site(std::initializer_list<std::string> error_logs) {
        Site result;
        result.main.own<ErrorLogSettings>().targets.add({.place = {.path = path("main")}});
        auto host = std::make_unique<VirtualHost>();
        host->bare.settings = result.main.derive();
        for (const std::string& log : error_logs) EXPECT_TRUE(host->locations.add(location(host->bare.settings, log)));
        result.hosts.push_back(std::move(host));
        return result;
    }

    LogFiles files_;
    std::vector<std::shared_ptr<observe::LogSink>> access_logs_;
    std::string folder_;
};

TEST_F(LogFilesTest, AreOpenedOnceForEachPath) {
    const auto first = files_.open({.path = path("a")});
    ASSERT_TRUE(first);
    const auto again = files_.open({.path = path("a")});
    ASSERT_TRUE(again);
    EXPECT_EQ(*first, *again);
    const auto missing = files_.open({.path = path("none/a")});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, std::errc::no_such_file_or_directory);
}

TEST_F(LogFilesTest, AreSharedByLocationsThatInherit) {
    Site built = site({"", path("own")});
    auto& nested_in = *built.hosts.front()->locations.all().back();
    ASSERT_TRUE(nested_in.nested.add(location(nested_in.settings, "")));
    ASSERT_TRUE(open_logs(built, files_, access_logs_));
    const VirtualHost& host = *built.hosts.front();
    const auto& inherits = *host.locations.all().front();
    EXPECT_EQ(host.bare.log, built.log);
    EXPECT_EQ(inherits.log, built.log);
    EXPECT_NE(nested_in.log, built.log);
    EXPECT_EQ(nested_in.nested.all().front()->log, nested_in.log);
    nested_in.log->write(observe::Level::error, "hello");
    EXPECT_NE(content("own").find("hello"), std::string::npos);
    EXPECT_EQ(content("main"), "");
}

TEST_F(LogFilesTest, OpensOnlyAccessLogsThatAreUsed) {
    Site built = site({});
    built.access_logs = {{.place = {.path = path("none/unused")}}, {.place = {.path = path("used")}, .used = true}};
    ASSERT_TRUE(open_logs(built, files_, access_logs_));
    ASSERT_EQ(access_logs_.size(), 2U);
    EXPECT_EQ(access_logs_[0], nullptr);
    ASSERT_NE(access_logs_[1], nullptr);
    EXPECT_EQ(access_logs_[1]->path, path("used"));
}

TEST_F(LogFilesTest, ComplainAsNginxDoesWhereOneCannotBeOpened) {
    const std::string expected = "open() \"" + path("none/x") + "\" failed (2: No such file or directory)";
    Site access = site({});
    access.access_logs = {{.place = {.path = path("none/x")}, .used = true}};
    Site error = site({path("none/x")});
    for (Site* const broken : {&access, &error}) {
        const auto opened = open_logs(*broken, files_, access_logs_);
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error(), expected);
    }
}

}  // namespace
}  // namespace webserv::server
