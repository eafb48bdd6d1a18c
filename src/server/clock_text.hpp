// server/clock_text.hpp: the time as text, made once a second however many exchanges ask.
// One for each worker; the time itself comes from the loop.
#pragma once

#include <chrono>
#include <ctime>
#include <string_view>

namespace webserv::server {

class ClockText {
public:
    /// "Sun, 06 Nov 1994 08:49:37 GMT"
    [[nodiscard]] std::string_view http_date(std::chrono::system_clock::time_point now);
    /// "06/Nov/1994:08:49:37 +0000", in local time
    [[nodiscard]] std::string_view log_time(std::chrono::system_clock::time_point now);
    /// "1994-11-06T08:49:37+00:00", in local time
    [[nodiscard]] std::string_view iso8601(std::chrono::system_clock::time_point now);

private:
    void refresh(std::chrono::system_clock::time_point now);
    std::time_t second_ = -1;
    char http_[32] = {};
    char log_[32] = {};
    char iso_[32] = {};
};

}  // namespace webserv::server
