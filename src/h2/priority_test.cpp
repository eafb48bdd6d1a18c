// h2/priority_test.cpp: the field's value, and the order in which streams send.
// RFC 9218 sections 4 and 10.
#include "h2/priority.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

namespace webserv::h2 {
namespace {

TEST(Priority, IsParsedAsFarAsItIsKnown) {
    struct Case {
        std::string_view value;
        Priority expected;
    };
    const Case cases[] = {
        {"u=5", {5, false}},         {"u=0, i", {0, true}},    {"i", {3, true}},          {"i=?0", {3, false}}, {"i=?1,u=7", {7, true}},
        {"u=8", {3, false}},         {"u=-1", {3, false}},     {"u=12", {3, false}},      {"", {3, false}},     {"u=1;x=2, i;y", {1, true}},
        {"x=1, u=2, y", {2, false}}, {"u=1, u=6", {6, false}}, {",,  u=4 ,", {4, false}}, {"U=1", {3, false}},
    };
    for (const Case& c : cases) EXPECT_EQ(parse_priority(c.value), c.expected) << c.value;
}

struct Names {
    std::array<Ready, 4> streams;
    ReadyStreams ready;
    Names() {
        for (std::uint32_t i = 0; i < streams.size(); ++i) streams[i].id = 2 * i + 1;
    }
    std::string order(int frames) {
        std::string text;
        for (int i = 0; i < frames; ++i) {
            Ready* const first = ready.next();
            if (first == nullptr) return text + "-";
            text += static_cast<char>('a' + (first - streams.data()));
            ready.has_sent(*first);
        }
        return text;
    }
};

TEST(ReadyStreams, TakeTurnsOrGoOneAfterTheOther) {
    Names names;
    for (Ready& stream : names.streams) stream.priority = {3, true};
    for (Ready& stream : names.streams) names.ready.add(stream);
    EXPECT_EQ(names.order(6), "abcdab");
    names.ready.change(names.streams[3], {1, false});
    EXPECT_EQ(names.order(3), "ddd");
    names.ready.remove(names.streams[3]);
    names.ready.change(names.streams[2], {3, false});
    EXPECT_EQ(names.order(5), "abccc");  // who does not take turns is first once it is its turn
    for (Ready& stream : names.streams) names.ready.remove(stream);
    EXPECT_EQ(names.order(1), "-");
    EXPECT_TRUE(names.ready.empty());
}

TEST(ReadyStreams, ThatTakeNoTurnsKeepTheOrderOfTheirNumbers) {
    Names names;
    for (Ready& stream : names.streams) stream.priority = {3, false};
    for (const int i : {2, 0, 3}) names.ready.add(names.streams[static_cast<std::size_t>(i)]);
    EXPECT_EQ(names.order(2), "aa");
    names.ready.remove(names.streams[0]);  // its window is shut for a while
    EXPECT_EQ(names.order(1), "c");
    names.ready.add(names.streams[1]);
    EXPECT_EQ(names.order(1), "b");
    names.ready.add(names.streams[0]);
    EXPECT_EQ(names.order(2), "aa");
    for (const std::size_t i : {0, 1, 2, 3}) names.ready.remove(names.streams[i]);
}

TEST(ReadyStreams, DoNotStarve) {
    Names names;
    for (std::size_t i = 0; i < names.streams.size(); ++i) names.streams[i].priority = {static_cast<std::uint8_t>(2 * i), false};
    for (Ready& stream : names.streams) names.ready.add(stream);
    EXPECT_EQ(names.order(31), std::string(31, 'a'));
    const std::string order = names.order(1000);
    for (const char c : {'b', 'c', 'd'}) EXPECT_NE(order.find(c), order.npos) << c;
    EXPECT_GT(std::count(order.begin(), order.end(), 'a'), 960);
    for (Ready& stream : names.streams) names.ready.remove(stream);
}

}  // namespace
}  // namespace webserv::h2
