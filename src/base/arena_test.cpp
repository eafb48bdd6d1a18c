// base/arena_test.cpp: memory that is aligned, distinct and lives until the arena ends.
// Every octet is written and read again: two blocks that overlap would show.
#include "base/arena.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <new>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace webserv {
namespace {

TEST(Arena, GivesAlignedMemoryThatNobodyElseHas) {
    std::mt19937 random{5};
    Arena arena;
    struct Taken {
        char* memory;
        std::size_t bytes;
        char filling;
    };
    std::vector<Taken> all;
    for (int i = 0; i < 2000; ++i) {
        const std::size_t bytes = random() % 50 == 0 ? random() % 20'000 : random() % 200;
        const std::size_t alignment = std::size_t{1} << random() % 8;
        char* const memory = arena.take(bytes, alignment);
        ASSERT_EQ(reinterpret_cast<std::uintptr_t>(memory) % alignment, 0U);
        const auto filling = static_cast<char>(i);
        if (bytes > 0) std::memset(memory, filling, bytes);
        all.push_back({memory, bytes, filling});
    }
    for (const Taken& taken : all) {
        for (std::size_t i = 0; i < taken.bytes; ++i) ASSERT_EQ(taken.memory[i], taken.filling);
    }
}

TEST(Arena, CopiesAndJoins) {
    Arena arena;
    std::string source = "source";
    const auto copy = arena.copy(source);
    source = "gone!!";
    EXPECT_EQ(copy, "source");
    EXPECT_EQ(arena.join("left", "right"), "leftright");
    EXPECT_EQ(arena.join("", ""), "");
    EXPECT_EQ(arena.join({"one", "", "two", "three"}), "onetwothree");
    const std::string_view texts[] = {"one", "", "three"};
    EXPECT_EQ(arena.join(texts, ", "), "one, , three");
    EXPECT_EQ(arena.join(std::span{texts}.first(1), ", "), "one");
    EXPECT_EQ(arena.join(std::span{texts}.first(0), ", "), "");
    EXPECT_EQ(arena.copy({}), "");
    EXPECT_EQ(arena.lower("[2001:DB8::1] Ab-Z@"), "[2001:db8::1] ab-z@");
    const std::string_view small = "small";
    EXPECT_EQ(arena.lower(small).data(), small.data());
    const std::string large(100'000, 'x');
    EXPECT_EQ(arena.join(large, "!"), large + "!");
}

TEST(Arena, MayBeUsedAgainAfterReset) {
    Arena arena;
    for (int round = 0; round < 100; ++round) {
        for (int i = 0; i < 100; ++i) ASSERT_EQ(arena.copy("0123456789012345678901234567890123456789").size(), 40U);
        arena.reset();
    }
    EXPECT_EQ(arena.copy("again"), "again");
}

TEST(Arena, IsAMemoryResource) {
    Arena arena;
    std::pmr::vector<std::pmr::string> words{&arena};
    for (int i = 0; i < 1000; ++i) words.emplace_back("a word too long for the small string buffer " + std::to_string(i));
    EXPECT_EQ(words[999].substr(words[999].size() - 3), "999");
    const Arena other;
    EXPECT_FALSE(arena.is_equal(other));
}

TEST(Arena, RefusesWhatNoMemoryHolds) {
    Arena arena;
    (void)arena.take(10);
    EXPECT_THROW((void)arena.take(SIZE_MAX), std::bad_alloc);
    EXPECT_THROW((void)arena.take(SIZE_MAX - 100, 64), std::bad_alloc);
    EXPECT_EQ(arena.copy("still usable"), "still usable");
}

}  // namespace
}  // namespace webserv
