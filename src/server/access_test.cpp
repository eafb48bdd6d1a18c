// server/access_test.cpp: rows of what handlers say, and what comes of them.
// 0 stands for an exchange that goes on.
#include "server/access.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace webserv::server {
namespace {

constexpr Outcome declines = Outcome::declined(), grants = Outcome::granted();
constexpr Outcome forbids = Outcome::status(403), asks = Outcome::status(401), fails = Outcome::status(500);

struct Heard {
    int status = 0;
    std::size_t asked = 0;
};

// As the phases do it.
Heard hear(Satisfy satisfy, const std::vector<Outcome>& outcomes) {
    AccessVerdict verdict{satisfy};
    std::size_t asked = 0;
    for (const Outcome& outcome : outcomes) {
        if (verdict.is_settled()) break;
        ++asked;
        const Outcome answer = verdict.hear(outcome);
        if (answer.kind != Outcome::Kind::declined) return {answer.code, asked};
    }
    return {verdict.refusal(), asked};
}

TEST(Satisfy, WeighsWhatHandlersSay) {
    struct Case {
        std::vector<Outcome> outcomes;
        Heard all;
        Heard any;
    };
    const Case cases[] = {
        {{}, {0, 0}, {0, 0}},
        {{declines}, {0, 1}, {0, 1}},
        {{grants}, {0, 1}, {0, 1}},
        {{forbids}, {403, 1}, {403, 1}},
        {{grants, grants}, {0, 2}, {0, 1}},
        {{grants, asks}, {401, 2}, {0, 1}},
        {{forbids, grants}, {403, 1}, {0, 2}},
        {{asks, grants}, {401, 1}, {0, 2}},
        {{forbids, asks}, {403, 1}, {401, 2}},
        {{asks, forbids}, {401, 1}, {401, 2}},
        {{forbids, declines}, {403, 1}, {403, 2}},
        {{declines, asks}, {401, 2}, {401, 2}},
        {{forbids, fails, grants}, {403, 1}, {500, 2}},  // what is no refusal is not weighed
        {{fails}, {500, 1}, {500, 1}},
    };
    for (std::size_t row = 0; row < std::size(cases); ++row) {
        const Heard all = hear(Satisfy::all, cases[row].outcomes);
        EXPECT_EQ(all.status, cases[row].all.status) << "row " << row;
        EXPECT_EQ(all.asked, cases[row].all.asked) << "row " << row;
        const Heard any = hear(Satisfy::any, cases[row].outcomes);
        EXPECT_EQ(any.status, cases[row].any.status) << "row " << row;
        EXPECT_EQ(any.asked, cases[row].any.asked) << "row " << row;
    }
}

}  // namespace
}  // namespace webserv::server
