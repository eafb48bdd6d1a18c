// server/clock_text_test.cpp: one second as the Date field, the log and ISO 8601 show it, in several time zones.
// The three forms for the same second, and that a new second is seen.
#include "server/clock_text.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <optional>
#include <string>

namespace webserv::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::system_clock;

system_clock::time_point at(std::int64_t second) { return system_clock::time_point{seconds{second}}; }

// The zone of this process, until the scope ends. POSIX's form: no zone files are needed, and east is negative.
class Zone {
public:
    explicit Zone(const char* zone) {
        if (const char* const old = ::getenv("TZ")) old_ = old;
        set(zone);
    }
    Zone(const Zone&) = delete;
    Zone& operator=(const Zone&) = delete;
    ~Zone() { set(old_ ? old_->c_str() : nullptr); }

private:
    static void set(const char* zone) {
        if (zone != nullptr) {
            ::setenv("TZ", zone, 1);
        } else {
            ::unsetenv("TZ");
        }
        ::tzset();
    }
    std::optional<std::string> old_;
};

TEST(ClockText, ShowsASecondInThreeForms) {
    const struct {
        const char* zone;
        std::int64_t second;
        const char* http;
        const char* log;
        const char* iso;
    } cases[] = {
        {"UTC0", 784111777, "Sun, 06 Nov 1994 08:49:37 GMT", "06/Nov/1994:08:49:37 +0000", "1994-11-06T08:49:37+00:00"},
        {"UTC0", 0, "Thu, 01 Jan 1970 00:00:00 GMT", "01/Jan/1970:00:00:00 +0000", "1970-01-01T00:00:00+00:00"},
        {"UTC0", 951782400, "Tue, 29 Feb 2000 00:00:00 GMT", "29/Feb/2000:00:00:00 +0000", "2000-02-29T00:00:00+00:00"},
        {"EET-2", 784111777, "Sun, 06 Nov 1994 08:49:37 GMT", "06/Nov/1994:10:49:37 +0200", "1994-11-06T10:49:37+02:00"},
        {"EST5", 784111777, "Sun, 06 Nov 1994 08:49:37 GMT", "06/Nov/1994:03:49:37 -0500", "1994-11-06T03:49:37-05:00"},
        {"NST3:30", 784111777, "Sun, 06 Nov 1994 08:49:37 GMT", "06/Nov/1994:05:19:37 -0330", "1994-11-06T05:19:37-03:30"},
        {"NPT-5:45", 1767225599, "Wed, 31 Dec 2025 23:59:59 GMT", "01/Jan/2026:05:44:59 +0545", "2026-01-01T05:44:59+05:45"},
    };
    for (const auto& c : cases) {
        const Zone zone{c.zone};
        ClockText clock;
        EXPECT_EQ(clock.http_date(at(c.second)), c.http) << c.zone;
        EXPECT_EQ(clock.log_time(at(c.second)), c.log) << c.zone;
        EXPECT_EQ(clock.iso8601(at(c.second)), c.iso) << c.zone;
    }
}

TEST(ClockText, ChangesWithTheSecondAndNotWithin) {
    const Zone zone{"UTC0"};
    ClockText clock;
    EXPECT_EQ(clock.log_time(at(59)), "01/Jan/1970:00:00:59 +0000");
    EXPECT_EQ(clock.log_time(at(59) + milliseconds{999}), "01/Jan/1970:00:00:59 +0000");
    EXPECT_EQ(clock.http_date(at(60)), "Thu, 01 Jan 1970 00:01:00 GMT");
    EXPECT_EQ(clock.log_time(at(60)), "01/Jan/1970:00:01:00 +0000");
    EXPECT_EQ(clock.iso8601(at(0)), "1970-01-01T00:00:00+00:00");  // a clock may be set back
}

}  // namespace
}  // namespace webserv::server
