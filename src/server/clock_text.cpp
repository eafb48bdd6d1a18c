// server/clock_text.cpp: three renderings of one second.
// Local time is asked of the system once a second, not once a request.
#include "server/clock_text.hpp"

#include <cstdio>

#include "http/date.hpp"

namespace webserv::server {

void ClockText::refresh(std::chrono::system_clock::time_point now) {
    const std::time_t second = std::chrono::system_clock::to_time_t(now);
    if (second == second_) return;
    second_ = second;
    http::format_date(second, http_);
    std::tm local{};
    localtime_r(&second, &local);
    static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const long offset = local.tm_gmtoff / 60;
    const char sign = offset < 0 ? '-' : '+';
    const unsigned minutes = static_cast<unsigned>(offset < 0 ? -offset : offset) % (24 * 60);
    const unsigned year = static_cast<unsigned>(local.tm_year + 1900) % 10000;
    const unsigned month = static_cast<unsigned>(local.tm_mon) % 12;
    const auto two = [](int number) { return static_cast<unsigned>(number) % 100; };
    std::snprintf(log_, sizeof log_, "%02u/%s/%04u:%02u:%02u:%02u %c%02u%02u", two(local.tm_mday), months[month], year, two(local.tm_hour),
                  two(local.tm_min), two(local.tm_sec), sign, minutes / 60, minutes % 60);
    std::snprintf(iso_, sizeof iso_, "%04u-%02u-%02uT%02u:%02u:%02u%c%02u:%02u", year, month + 1, two(local.tm_mday), two(local.tm_hour),
                  two(local.tm_min), two(local.tm_sec), sign, minutes / 60, minutes % 60);
}

std::string_view ClockText::http_date(std::chrono::system_clock::time_point now) {
    refresh(now);
    return {http_, http::date_bytes};
}

std::string_view ClockText::log_time(std::chrono::system_clock::time_point now) {
    refresh(now);
    return log_;
}

std::string_view ClockText::iso8601(std::chrono::system_clock::time_point now) {
    refresh(now);
    return iso_;
}

}  // namespace webserv::server
