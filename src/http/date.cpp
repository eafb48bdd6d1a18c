// http/date.cpp: calendar arithmetic and the three forms of an HTTP date (RFC 9110 section 5.6.7).
// No library calls: they look at locale and time zone, and cost more than the rest of a head.
#include "http/date.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "base/text.hpp"

namespace webserv::http {
namespace {

constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> long_days{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::int64_t day_seconds = 86400;
constexpr std::int64_t last_second = 253402300799;   // of the year 9999: four digits hold no more
constexpr std::int64_t first_second = -62167219200;  // of the year 0

struct Civil {
    std::int64_t year = 1970;
    unsigned month = 1;  // 1 to 12
    unsigned day = 1;
};

// Both ways count years from March, so that the leap day is the last of its year (proleptic Gregorian calendar).
constexpr std::int64_t days_from_civil(const Civil& date) {
    const std::int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const std::int64_t year_of_era = year - era * 400;
    const std::int64_t shifted_month = date.month > 2 ? date.month - 3 : date.month + 9;
    const std::int64_t day_of_year = (153 * shifted_month + 2) / 5 + date.day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

constexpr Civil civil_from_days(std::int64_t count) {
    count += 719468;
    const std::int64_t era = (count >= 0 ? count : count - 146096) / 146097;
    const std::int64_t day_of_era = count - era * 146097;
    const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
    const auto month = static_cast<unsigned>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    const auto day = static_cast<unsigned>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
    return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}
static_assert(days_from_civil({1970, 1, 1}) == 0 && days_from_civil({2000, 3, 1}) == 11017);

void write_two(char* into, std::int64_t number) noexcept {
    into[0] = static_cast<char>('0' + number / 10);
    into[1] = static_cast<char>('0' + number % 10);
}

// Takes what a date is made of from the front of a text; a failure is remembered until the end.
class Reader {
public:
    explicit Reader(std::string_view text) noexcept : rest_{text} {}

    void literal(std::string_view expected) noexcept {
        if (rest_.starts_with(expected)) return rest_.remove_prefix(expected.size());
        good_ = false;
    }
    std::int64_t digits(std::size_t count) noexcept {
        const auto number = text::parse_decimal(rest_.substr(0, count));
        if (rest_.size() < count || !number) good_ = false;
        if (good_) rest_.remove_prefix(count);
        return good_ ? static_cast<std::int64_t>(*number) : 0;
    }
    template <std::size_t N>
    unsigned name(const std::array<std::string_view, N>& names) noexcept {  // its index
        for (unsigned index = 0; index < N; ++index) {
            if (!rest_.starts_with(names[index])) continue;
            rest_.remove_prefix(names[index].size());
            return index;
        }
        good_ = false;
        return 0;
    }
    std::int64_t time() noexcept {  // "08:49:37" in seconds
        const std::int64_t hour = digits(2);
        literal(":");
        const std::int64_t minute = digits(2);
        literal(":");
        const std::int64_t second = digits(2);
        if (hour > 23 || minute > 59 || second > 60) good_ = false;  // 60: a leap second
        return (hour * 60 + minute) * 60 + second;
    }
    [[nodiscard]] bool next_is(char c) const noexcept { return rest_.starts_with(c); }
    [[nodiscard]] bool finished() const noexcept { return good_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool good_ = true;
};

std::optional<std::time_t> seconds_of(const Reader& reader, const Civil& date, std::int64_t time_of_day) noexcept {
    if (!reader.finished()) return std::nullopt;
    const std::int64_t count = days_from_civil(date);
    const Civil back = civil_from_days(count);  // "31 Feb" comes back as a day of March
    if (back.day != date.day || back.month != date.month) return std::nullopt;
    return count * day_seconds + time_of_day;
}

// Sun, 06 Nov 1994 08:49:37 GMT
std::optional<std::time_t> parse_fixdate(std::string_view text) noexcept {
    Reader reader{text};
    Civil date;
    reader.name(days);
    reader.literal(", ");
    date.day = static_cast<unsigned>(reader.digits(2));
    reader.literal(" ");
    date.month = reader.name(months) + 1;
    reader.literal(" ");
    date.year = reader.digits(4);
    reader.literal(" ");
    const std::int64_t time = reader.time();
    reader.literal(" GMT");
    return seconds_of(reader, date, time);
}

// Sunday, 06-Nov-94 08:49:37 GMT
std::optional<std::time_t> parse_rfc850(std::string_view text) noexcept {
    Reader reader{text};
    Civil date;
    reader.name(long_days);
    reader.literal(", ");
    date.day = static_cast<unsigned>(reader.digits(2));
    reader.literal("-");
    date.month = reader.name(months) + 1;
    reader.literal("-");
    const std::int64_t year = reader.digits(2);
    date.year = year < 70 ? 2000 + year : 1900 + year;  // nginx's window; the RFC's moving one would need a clock
    reader.literal(" ");
    const std::int64_t time = reader.time();
    reader.literal(" GMT");
    return seconds_of(reader, date, time);
}

// Sun Nov  6 08:49:37 1994
std::optional<std::time_t> parse_asctime(std::string_view text) noexcept {
    Reader reader{text};
    Civil date;
    reader.name(days);
    reader.literal(" ");
    date.month = reader.name(months) + 1;
    reader.literal(" ");
    const bool padded = reader.next_is(' ');
    if (padded) reader.literal(" ");
    date.day = static_cast<unsigned>(reader.digits(padded ? 1 : 2));
    reader.literal(" ");
    const std::int64_t time = reader.time();
    reader.literal(" ");
    date.year = reader.digits(4);
    return seconds_of(reader, date, time);
}

}  // namespace

void format_date(std::time_t time, char* into) noexcept {
    const std::int64_t seconds = std::clamp<std::int64_t>(time, first_second, last_second);
    const std::int64_t count = (seconds >= 0 ? seconds : seconds - (day_seconds - 1)) / day_seconds;
    const std::int64_t of_day = seconds - count * day_seconds;
    const Civil date = civil_from_days(count);
    const auto weekday = static_cast<std::size_t>(((count + 4) % 7 + 7) % 7);  // 1 January 1970 was a Thursday
    std::memcpy(into, "Sun, 06 Nov 1994 08:49:37 GMT", date_bytes);
    std::memcpy(into, days[weekday].data(), 3);
    write_two(into + 5, date.day);
    std::memcpy(into + 8, months[date.month - 1].data(), 3);
    write_two(into + 12, date.year / 100);
    write_two(into + 14, date.year % 100);
    write_two(into + 17, of_day / 3600);
    write_two(into + 20, of_day / 60 % 60);
    write_two(into + 23, of_day % 60);
}

std::string_view date_text(std::time_t time) noexcept {
    struct Known {
        std::time_t time = 0;
        char text[date_bytes] = {};  // of no time yet: empty
    };
    thread_local std::array<Known, 64> known;
    Known& candidate = known[static_cast<std::size_t>(time) % known.size()];
    if (candidate.time != time || candidate.text[0] == '\0') {
        candidate.time = time;
        format_date(time, candidate.text);
    }
    return {candidate.text, date_bytes};
}

std::optional<std::time_t> parse_date(std::string_view text) noexcept {
    if (text.size() == date_bytes && text[3] == ',') return parse_fixdate(text);
    return text.size() > 3 && text[3] == ' ' ? parse_asctime(text) : parse_rfc850(text);
}

}  // namespace webserv::http
