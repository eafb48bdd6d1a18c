// observe/log_line.cpp: prefix, message, context; in text and in JSON.
// Neither allocates: a log line is often written because something has run out.
#include "observe/log_line.hpp"

#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/text.hpp"

namespace webserv::observe {
namespace {

constexpr std::array<std::string_view, 9> names = {"", "emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"};
constexpr std::string_view hex_digits = "0123456789ABCDEF";

// A message of a JSON line leaves room for what is known about its place.
constexpr std::size_t json_message_bytes_max = 2048;

struct LocalTime {
    tm parts{};
    long milliseconds = 0;
};

LocalTime local_time() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    LocalTime local;
    ::localtime_r(&now.tv_sec, &local.parts);
    local.milliseconds = now.tv_nsec / 1'000'000;
    return local;
}

/// "2026/01/31 23:59:59", local time; made once a second.
std::string_view text_of_second() noexcept {
    thread_local struct {
        time_t second = -1;
        std::array<char, 20> text{};
    } latest;
    const time_t now = ::time(nullptr);
    if (std::exchange(latest.second, now) != now) {
        tm local{};
        ::localtime_r(&now, &local);
        (void)::strftime(latest.text.data(), latest.text.size(), "%Y/%m/%d %H:%M:%S", &local);
    }
    return latest.text.data();
}

/// Octets that gather in memory of a fixed size; the last one is kept for the line's end.
class Line {
public:
    explicit Line(LogLineMemory& memory) noexcept : memory_{memory} {}

    void append(std::string_view text) noexcept {
        const std::size_t count = std::min(text.size(), room());
        std::copy_n(text.data(), count, memory_.data() + used_);
        used_ += count;
    }
    /// All of it or nothing.
    bool append_whole(std::string_view text, std::size_t kept_free = 0) noexcept {
        if (text.size() + kept_free > room()) return false;
        append(text);
        return true;
    }
    template <class... Arguments>
    void format(fmt::format_string<Arguments...> pattern, Arguments&&... arguments) noexcept {
        const auto end = fmt::format_to_n(memory_.data() + used_, room(), pattern, std::forward<Arguments>(arguments)...);
        used_ += std::min(end.size, room());
    }
    [[nodiscard]] std::size_t room() const noexcept { return memory_.size() - 1 - used_; }
    [[nodiscard]] std::string_view finish() noexcept {
        memory_[used_++] = '\n';
        return {memory_.data(), used_};
    }

private:
    LogLineMemory& memory_;
    std::size_t used_ = 0;
};

/// Control octets become \xHH; cut before the first that does not fit.
void append_escaped(Line& line, std::string_view text) noexcept {
    for (; !text.empty(); text.remove_prefix(1)) {
        const std::size_t plain = text::plain_octets(text);
        line.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) return;
        const char c = text.front();
        const auto octet = static_cast<unsigned char>(c);
        const bool control = octet < 0x20 || octet == 0x7f;
        const std::array escaped = {'\\', 'x', hex_digits[octet >> 4U], hex_digits[octet & 0xfU]};
        if (!line.append_whole(control ? std::string_view{escaped.data(), escaped.size()} : std::string_view{&c, 1})) return;
    }
}

/// How many octets the UTF-8 sequence at the beginning of `text` has (RFC 3629 section 4); 0: there is none.
std::size_t utf8_sequence(std::string_view text) noexcept {
    const auto octet = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto continues = [&](std::size_t from, std::size_t to) {
        for (std::size_t i = from; i < to; ++i) {
            if ((octet(i) & 0xc0U) != 0x80) return false;
        }
        return true;
    };
    const unsigned first = octet(0);
    const unsigned second = octet(1);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return continues(1, 2) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        const bool overlong = first == 0xe0 && second < 0xa0;
        const bool surrogate = first == 0xed && second > 0x9f;
        return continues(1, 3) && !overlong && !surrogate ? 3 : 0;
    }
    if (first < 0xf0 || first > 0xf4) return 0;
    const bool outside = (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
    return continues(1, 4) && !outside ? 4 : 0;
}

/// A JSON string's content (RFC 8259 section 7), at most `bytes_max` octets of the line; `kept_free` stay free behind it.
void append_json(Line& line, std::string_view text, std::size_t kept_free, std::size_t bytes_max = log_line_bytes_max) noexcept {
    const std::size_t room_at_end = line.room() > bytes_max ? line.room() - bytes_max : 0;
    kept_free = std::max(kept_free, room_at_end);
    while (!text.empty()) {
        const auto octet = static_cast<unsigned char>(text.front());
        const std::size_t count = utf8_sequence(text);
        const std::array control = {'\\', 'u', '0', '0', hex_digits[octet >> 4U], hex_digits[octet & 0xfU]};
        const std::array marked = {'\\', text.front()};
        std::string_view unit = text.substr(0, count);
        if (count == 0) {
            unit = "\\ufffd";
        } else if (octet < 0x20 || octet == 0x7f) {
            unit = {control.data(), control.size()};
        } else if (octet == '"' || octet == '\\') {
            unit = {marked.data(), marked.size()};
        }
        if (!line.append_whole(unit, kept_free)) return;
        text.remove_prefix(std::max<std::size_t>(count, 1));
    }
}

}  // namespace

std::string_view level_name(Level level) noexcept { return names[static_cast<std::size_t>(level)]; }

std::string_view render_text_line(const LogEntry& entry, LogLineMemory& memory) noexcept {
    Line line{memory};
    // Asked for each time: a number remembered across fork would be the parent's.
    const pid_t process = ::getpid();
    line.append(text_of_second());
    line.format(" [{}] {}#{}: ", level_name(entry.level), process, process);
    if (entry.connection != 0) line.format("*{} ", entry.connection);
    append_escaped(line, entry.message);
    for (const LogField& field : entry.context) {
        line.append(", ");
        line.append(field.name);
        line.append(field.quoted ? ": \"" : ": ");
        append_escaped(line, field.value);
        if (field.quoted) line.append("\"");
    }
    return line.finish();
}

std::string_view render_json_line(const LogEntry& entry, LogLineMemory& memory) noexcept {
    constexpr std::string_view end = "\"}";
    Line line{memory};
    const LocalTime now = local_time();
    const tm& local = now.parts;
    const long minutes = std::labs(local.tm_gmtoff) / 60;
    const pid_t process = ::getpid();
    line.format(R"({{"time":"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}{}{:02}:{:02}","level":"{}","pid":{},"tid":{})", local.tm_year + 1900,
                local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec, now.milliseconds,
                local.tm_gmtoff < 0 ? '-' : '+', minutes / 60, minutes % 60, level_name(entry.level), process, process);
    if (entry.connection != 0) line.format(R"(,"connection":{})", entry.connection);
    line.append(R"(,"message":")");
    append_json(line, entry.message, end.size(), json_message_bytes_max);
    for (const LogField& field : entry.context) {
        constexpr std::size_t marks = 6;  // ","":" before the value, and the end of the one before
        if (line.room() < field.name.size() + marks + end.size()) break;
        line.append("\",\"");
        line.append(field.name);
        line.append("\":\"");
        append_json(line, field.value, end.size());
    }
    line.append(end);
    return line.finish();
}

}  // namespace webserv::observe
