// observe/log_line_test.cpp: lines in both forms, and what a peer can do to them: nothing.
// The JSON is read back by a small strict reader, so that an invalid line cannot pass.
#include "observe/log_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <map>
#include <optional>
#include <random>
#include <string>

namespace webserv::observe {
namespace {

using namespace std::string_literals;
using testing::EndsWith;
using testing::MatchesRegex;

const LogField fields[] = {{"client", "127.0.0.1"}, {"server", "name"}, {"request", "GET /\" HTTP/1.1", true}};

std::string text(const LogEntry& entry) {
    LogLineMemory memory;
    return std::string{render_text_line(entry, memory)};
}
std::string json(const LogEntry& entry) {
    LogLineMemory memory;
    return std::string{render_json_line(entry, memory)};
}

/// One flat object; its names and values as written. Nothing if it is not just that.
std::optional<std::map<std::string, std::string>> read_object(std::string_view line) {
    std::map<std::string, std::string> members;
    const auto take = [&line](std::string_view expected) {
        const bool there = line.starts_with(expected);
        if (there) line.remove_prefix(expected.size());
        return there;
    };
    const auto take_string = [&]() -> std::optional<std::string> {
        std::string value;
        if (!take("\"")) return std::nullopt;
        while (!line.empty() && line.front() != '"') {
            if (static_cast<unsigned char>(line.front()) < 0x20) return std::nullopt;
            if (line.front() == '\\') {
                const auto count = line.size() > 1 && line[1] == 'u' ? 6U : 2U;
                if (line.size() < count || std::string_view{"\"\\u"}.find(line[1]) == std::string_view::npos) return std::nullopt;
                value += line.substr(0, count);
                line.remove_prefix(count);
                continue;
            }
            value += line.front();
            line.remove_prefix(1);
        }
        if (!take("\"")) return std::nullopt;
        return value;
    };
    if (!take("{")) return std::nullopt;
    do {
        const auto name = take_string();
        if (!name || !take(":")) return std::nullopt;
        const auto digits = std::min(line.find_first_not_of("0123456789"), line.size());
        const auto value = digits > 0 ? std::optional{std::string{line.substr(0, digits)}} : take_string();
        if (digits > 0) line.remove_prefix(digits);
        if (!value) return std::nullopt;
        members[*name] = *value;
    } while (take(","));
    if (!take("}\n") || !line.empty()) return std::nullopt;
    return members;
}

TEST(LogLine, OfTextHasNginxsForm) {
    EXPECT_THAT(text({.level = Level::error, .message = "open() failed", .connection = 7, .context = fields}),
                EndsWith(": *7 open() failed, client: 127.0.0.1, server: name, request: \"GET /\" HTTP/1.1\"\n"));
}

TEST(LogLine, OfJsonHasStableNames) {
    const std::string line = json({.level = Level::error, .message = "open() failed", .connection = 7, .context = fields});
    const std::string pid = std::to_string(::getpid());
    EXPECT_THAT(line, MatchesRegex("\\{\"time\":\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}[+-][0-9]{2}:[0-9]{2}\","
                                   "\"level\":\"error\",\"pid\":" +
                                   pid + ",\"tid\":" + pid +
                                   ",\"connection\":7,\"message\":\"open.. failed\","
                                   "\"client\":\"127.0.0.1\",\"server\":\"name\",\"request\":\"GET /.\" HTTP/1.1\"\\}\n"));
    const auto members = read_object(line);
    ASSERT_TRUE(members) << line;
    EXPECT_EQ(members->at("request"), "GET /\\\" HTTP/1.1");
    EXPECT_FALSE(read_object(json({.level = Level::info, .message = "x"}))->contains("connection"));
}

TEST(LogLine, OfJsonWritesTheZoneOfItsTime) {
    const char* const before = ::getenv("TZ");
    const std::string saved = before != nullptr ? before : "";
    ::setenv("TZ", "ABC+3:30", 1);  // POSIX counts westwards
    ::tzset();
    EXPECT_THAT(read_object(json({.level = Level::info, .message = "x"}))->at("time"), EndsWith("-03:30"));
    before != nullptr ? ::setenv("TZ", saved.c_str(), 1) : ::unsetenv("TZ");
    ::tzset();
}

TEST(LogLine, OfJsonIsUtf8) {
    const auto message = [](std::string_view octets) {
        return read_object(json({.level = Level::info, .message = octets}))->at("message");
    };
    EXPECT_EQ(message("ü €\xf0\x9f\x98\x80"), "ü €\xf0\x9f\x98\x80");
    EXPECT_EQ(message("a\xff"
                      "b"),
              "a\\ufffdb");
    EXPECT_EQ(message("\xc0\xaf"), "\\ufffd\\ufffd");                        // overlong
    EXPECT_EQ(message("\xe0\x80\xaf"), "\\ufffd\\ufffd\\ufffd");             // overlong
    EXPECT_EQ(message("\xed\xa0\x80"), "\\ufffd\\ufffd\\ufffd");             // a surrogate
    EXPECT_EQ(message("\xf4\x90\x80\x80"), "\\ufffd\\ufffd\\ufffd\\ufffd");  // beyond U+10FFFF
    EXPECT_EQ(message("cut \xe2\x82"), "cut \\ufffd\\ufffd");
    EXPECT_EQ(message("\n\"\\\x7f\0"s), "\\u000A\\\"\\\\\\u007F\\u0000");
}

TEST(LogLine, IsCutWhereItIsTooLong) {
    const std::string long_text(10'000, '"');
    const LogField many[] = {{"client", "c"}, {"request", long_text, true}, {"host", "never", true}};
    const std::string line = json({.level = Level::info, .message = long_text, .context = many});
    EXPECT_LE(line.size(), log_line_bytes_max);
    const auto members = read_object(line);
    ASSERT_TRUE(members) << line;
    EXPECT_EQ(members->at("message").size(), 2048U);
    EXPECT_EQ(members->at("client"), "c");
    EXPECT_GT(members->at("request").size(), 1000U);
    EXPECT_FALSE(members->contains("host"));
    EXPECT_EQ(text({.level = Level::info, .message = long_text}).size(), log_line_bytes_max);
}

TEST(LogLine, OfJsonIsAnObjectWhateverItIsMadeOf) {
    std::mt19937 random{1};
    for (int round = 0; round < 2000; ++round) {
        const auto octets = [&] {
            std::string result(random() % 3000, '\0');
            for (char& octet : result) octet = static_cast<char>(random());
            return result;
        };
        const std::string message = octets();
        const std::string value = octets();
        const LogField one[] = {{"request", value, true}, {"host", message, true}};
        const std::string line = json({.level = Level::warn, .message = message, .connection = random(), .context = one});
        ASSERT_LE(line.size(), log_line_bytes_max);
        ASSERT_TRUE(read_object(line)) << line;
        const std::string plain = text({.level = Level::warn, .message = message, .context = one});
        ASSERT_EQ(plain.find('\n'), plain.size() - 1);
    }
}

}  // namespace
}  // namespace webserv::observe
