// config/loader_test.cpp: a record answers as the outside world did; anything else is refused.
// What was recorded is replayed alike, and a damaged record is refused.
#include "config/loader.hpp"

#include <gtest/gtest.h>

#include <string>

#include "config/memory_loader.hpp"
#include "config/parser.hpp"

namespace webserv::config {
namespace {

std::string recorded() {
    MemoryLoader outside{{{"/a", std::string{"x\0y", 3}}, {"/b.conf", ""}, {"/c.conf", "z;"}}};
    outside.variables = {{"SET", "a=b"}, {"EMPTY", ""}};
    RecordingLoader recording{outside};
    static_cast<void>(recording.read("/a"));
    static_cast<void>(recording.read("/missing"));
    static_cast<void>(recording.glob("/*.conf"));
    static_cast<void>(recording.glob("/none*"));
    static_cast<void>(recording.user("www", ""));
    static_cast<void>(recording.user("www", "adm"));
    static_cast<void>(recording.user("nobody", ""));
    for (const char* const name : {"SET", "EMPTY", "UNSET"}) static_cast<void>(recording.environment(name));
    return recording.record();
}

TEST(Loader, ReplaysWhatWasRecorded) {
    auto opened = ReplayingLoader::open(recorded());
    ASSERT_TRUE(opened);
    Loader& replay = **opened;
    EXPECT_EQ(replay.read("/a"), (std::string{"x\0y", 3}));
    const auto missing = replay.read("/missing");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, std::errc::no_such_file_or_directory);
    EXPECT_STREQ(missing.error().doing, "open");
    EXPECT_EQ(replay.glob("/*.conf"), (std::vector<std::string>{"/b.conf", "/c.conf"}));
    EXPECT_EQ(replay.glob("/none*"), (std::vector<std::string>{}));
    EXPECT_EQ(replay.user("www", "")->group, 33U);
    EXPECT_EQ(replay.user("www", "adm")->group, 44U);
    EXPECT_EQ(replay.user("nobody", "").error().code, std::errc::no_such_device_or_address);
    EXPECT_EQ(*replay.environment("SET"), (std::optional<std::string>{"a=b"}));
    EXPECT_EQ(*replay.environment("EMPTY"), (std::optional<std::string>{""}));
    EXPECT_EQ(*replay.environment("UNSET"), (std::optional<std::string>{}));
    EXPECT_EQ(replay.hostname(), "box.example");
    EXPECT_TRUE(replay.is_root());
}

TEST(Loader, RefusesUnrecordedQuestions) {
    auto opened = ReplayingLoader::open(recorded());
    ASSERT_TRUE(opened);
    EXPECT_EQ((*opened)->read("/b.conf").error().code, std::errc::operation_not_permitted);
    EXPECT_EQ((*opened)->glob("/a").error().code, std::errc::operation_not_permitted);
    EXPECT_EQ((*opened)->environment("OTHER").error().code, std::errc::operation_not_permitted);
    EXPECT_EQ((*opened)->user("root", "").error().code, std::errc::operation_not_permitted);
}

TEST(Loader, RefusesBrokenRecords) {
    const std::string record = recorded();
    ASSERT_TRUE(ReplayingLoader::open(record));
    for (std::size_t length = 0; length < record.size(); ++length) {
        EXPECT_FALSE(ReplayingLoader::open(record.substr(0, length))) << length;
    }
    EXPECT_FALSE(ReplayingLoader::open(record + "x"));
    EXPECT_FALSE(ReplayingLoader::open(record + record));
    std::string other_version = record;
    other_version[record.find('1')] = '2';
    EXPECT_FALSE(ReplayingLoader::open(other_version));
    std::string other_kind = record;
    other_kind[record.find('\n') + 9] = '?';
    EXPECT_FALSE(ReplayingLoader::open(other_kind));
    std::string huge_length = record;
    huge_length[record.find('\n') + 17] = '\x7F';
    EXPECT_FALSE(ReplayingLoader::open(huge_length));
}

TEST(Loader, AsksOutsideOnce) {
    MemoryLoader outside{{{"/a", "x"}}};
    RecordingLoader recording{outside};
    EXPECT_EQ(recording.read("/a"), "x");
    EXPECT_EQ(recording.read("/a"), "x");
    EXPECT_FALSE(recording.read("/b"));
    EXPECT_FALSE(recording.read("/b"));
    EXPECT_EQ(outside.questions, 2);
}

TEST(Loader, BuildsTheSameDocumentFromARecord) {
    MemoryLoader outside{{{"/c/main", "a; include d/*;"}, {"/c/d/1", "b;"}, {"/c/d/2", "c;"}}};
    RecordingLoader recording{outside};
    ASSERT_TRUE(parse_file("/c/main", "/c", recording));
    auto replay = ReplayingLoader::open(recording.record());
    ASSERT_TRUE(replay);
    const auto document = parse_file("/c/main", "/c", **replay);
    ASSERT_TRUE(document);
    ASSERT_EQ(document->statements.size(), 3U);
    EXPECT_EQ(document->statements[2].name.text, "c");
}

}  // namespace
}  // namespace webserv::config
