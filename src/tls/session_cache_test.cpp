// tls/session_cache_test.cpp: what was put is found, what is old is not, and however much is put, nothing is mixed up.
// The cache of a name is the same one in a child process; one that dies with the lock held costs the sessions, not the cache.
#include "tls/session_cache.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <set>
#include <string>
#include <vector>

namespace webserv::tls {
namespace {

SessionCache::Octets octets_of(const std::string& text) { return {reinterpret_cast<const unsigned char*>(text.data()), text.size()}; }

struct Memory {
    explicit Memory(std::size_t bytes) : pages(bytes / 4096) {}
    struct alignas(4096) Page {
        std::byte octets[4096]{};
    };
    std::vector<Page> pages;
    [[nodiscard]] SessionCache* cache() { return SessionCache::in({pages.front().octets, pages.size() * 4096}); }
};

std::string id_of(unsigned number) {
    std::mt19937_64 random{number};
    std::string id(32, '\0');
    for (char& c : id) c = static_cast<char>(random());
    return id;
}

TEST(SessionCache, FindsWhatWasPutUntilItIsOldOrForgotten) {
    Memory memory{64U << 10};
    SessionCache* const cache = memory.cache();
    EXPECT_FALSE(cache->find(octets_of("one"), 0));
    cache->put(octets_of("one"), octets_of("first"), 100);
    cache->put(octets_of("two"), octets_of("second"), 200);
    EXPECT_EQ(cache->find(octets_of("one"), 99), "first");
    EXPECT_EQ(cache->find(octets_of("two"), 99), "second");
    EXPECT_FALSE(cache->find(octets_of("one"), 100));
    cache->put(octets_of("one"), octets_of("again"), 300);
    EXPECT_EQ(cache->find(octets_of("one"), 100), "again");
    cache->forget(octets_of("one"));
    EXPECT_FALSE(cache->find(octets_of("one"), 0));
    EXPECT_EQ(cache->find(octets_of("two"), 0), "second");
    EXPECT_FALSE(cache->find({}, 0));
}

TEST(SessionCache, KeepsTheNewestAndMixesNothingUp) {
    Memory memory{64U << 10};
    SessionCache* const cache = memory.cache();
    std::mt19937 random{7};
    std::vector<std::string> sessions;
    for (unsigned number = 0; number < 3'000; ++number) {
        sessions.push_back(std::string(1 + random() % 1'000, static_cast<char>('a' + number % 26)));
        cache->put(octets_of(id_of(number)), octets_of(sessions.back()), 100);
    }
    std::size_t found = 0;
    for (unsigned number = 0; number < sessions.size(); ++number) {
        const auto session = cache->find(octets_of(id_of(number)), 0);
        if (!session) continue;
        ++found;
        EXPECT_EQ(*session, sessions[number]);
    }
    EXPECT_GT(found, 60U);
    EXPECT_LT(found, 200U);
    EXPECT_TRUE(cache->find(octets_of(id_of(2'999)), 0));
}

TEST(SessionCache, TakesNothingThatIsTooLarge) {
    Memory memory{64U << 10};
    SessionCache* const cache = memory.cache();
    cache->put(octets_of("one"), octets_of(std::string(SessionCache::session_bytes_max + 1, 'x')), 100);
    EXPECT_FALSE(cache->find(octets_of("one"), 0));
}

TEST(SessionCache, OfANameIsTheSameInAllProcesses) {
    share_session_caches();
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        session_cache("test", 32U << 10)->put(octets_of("from the child"), octets_of("session"), 100);
        ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(session_cache("test", 32U << 10)->find(octets_of("from the child"), 0), "session");
    EXPECT_FALSE(session_cache("other", 32U << 10)->find(octets_of("from the child"), 0));
    EXPECT_FALSE(session_cache("test", 64U << 10)->find(octets_of("from the child"), 0)) << "of another size it begins anew";
    EXPECT_EQ(session_cache("huge", std::size_t{1} << 40), nullptr);
    keep_session_caches({});
}

constexpr std::size_t mebibyte = std::size_t{1} << 20;
using Names = std::set<std::string, std::less<>>;

// As reloads do it: whatever sizes follow one another, and whatever names, there is room as long as they fit together.
TEST(SessionCache, ChangesItsSize) {
    for (int round = 0; round < 3; ++round) {
        for (const std::size_t mebibytes : {100U, 101U, 50U, 30U, 200U, 1U, 101U}) {
            SessionCache* const cache = session_cache("sized", mebibytes * mebibyte);
            ASSERT_NE(cache, nullptr) << mebibytes;
            EXPECT_FALSE(cache->find(octets_of("one"), 0)) << "what was laid out for another size is gone";
            cache->put(octets_of("one"), octets_of("session"), 100);
            EXPECT_EQ(session_cache("sized", mebibytes * mebibyte)->find(octets_of("one"), 0), "session");
            keep_session_caches(Names{"sized"});
        }
    }
    keep_session_caches({});
}

TEST(SessionCache, GivesItsPlaceToAnother) {
    for (int number = 0; number < 300; ++number) {
        const std::string name = "name " + std::to_string(number);
        SessionCache* const cache = session_cache(name, mebibyte);
        ASSERT_NE(cache, nullptr) << number;
        EXPECT_FALSE(cache->find(octets_of("one"), 0)) << "this is another's";
        cache->put(octets_of("one"), octets_of("session"), 100);
        keep_session_caches(Names{name});
        EXPECT_TRUE(session_cache(name, mebibyte)->find(octets_of("one"), 0));
    }
    keep_session_caches({});
}

// A connection of before the reload has the old address, and goes on using it: whoever has the place now is only another cache to it.
TEST(SessionCache, IsACacheWhereverItHasBeen) {
    SessionCache* const before = session_cache("before", 4 * mebibyte);
    keep_session_caches({});
    SessionCache* after = nullptr;  // the first, or another of those that take what is free
    for (int number = 0; after != before && number < 64; ++number) after = session_cache("after " + std::to_string(number), 64U << 10);
    ASSERT_EQ(after, before);
    for (unsigned number = 0; number < 1'000; ++number) {
        (number % 2 == 0 ? before : after)->put(octets_of(id_of(number)), octets_of(std::string(200, 'x')), 100);
    }
    EXPECT_TRUE(after->find(octets_of(id_of(998)), 0));
    EXPECT_FALSE(after->find(octets_of(id_of(1)), 0)) << "it is as small as it was asked to be";
    keep_session_caches({});
}

}  // namespace
}  // namespace webserv::tls
