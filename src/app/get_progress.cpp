// app/get_progress.cpp: a bar where the whole is known, a count where it is not; ten times a second at most.
// The line is rewritten in place and cut at the terminal's width.
#include "app/get_progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "app/print.hpp"

namespace webserv::app {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t large_bytes = 1U << 20;  // worth a line at once ...
constexpr auto patience = 1s;                    // ... and anything that takes longer than this
constexpr auto refresh = 100ms;
constexpr std::size_t columns_default = 80;

std::string size_text(double octets) {
    constexpr std::array units{"B", "KB", "MB", "GB", "TB"};
    std::size_t unit = 0;
    for (; octets >= 1000 && unit + 1 < units.size(); ++unit) octets /= 1000;
    return unit == 0 ? fmt::format("{:.0f} B", octets) : fmt::format("{:.1f} {}", octets, units[unit]);
}

std::string time_text(double seconds) {
    const auto whole = std::lround(seconds);
    if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::size_t columns() {
    winsize size{};
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : columns_default;
}

}  // namespace

void GetProgress::begin(std::uint64_t done, std::optional<std::uint64_t> total) {
    running_ = wanted_;
    done_ = done;
    received_ = 0;
    total_ = total;
    began_ = last_shown_ = Clock::now();
    if (running_ && total.value_or(0) >= large_bytes) show(began_);
}

void GetProgress::advance(std::uint64_t octets) {
    if (!running_) return;
    done_ += octets;
    received_ += octets;
    const auto now = Clock::now();
    if (shown_ ? now - last_shown_ >= refresh : now - began_ >= patience) show(now);
}

void GetProgress::show(Clock::time_point now) {
    shown_ = true;
    last_shown_ = now;
    const double seconds = std::chrono::duration<double>(now - began_).count();
    const double rate = seconds > 0 ? static_cast<double>(received_) / seconds : 0;
    std::string line;
    if (total_ && *total_ > 0) {
        constexpr std::size_t bar_columns = 30;
        const double share = std::min(1.0, static_cast<double>(done_) / static_cast<double>(*total_));
        const auto filled = static_cast<std::size_t>(share * bar_columns);
        line = fmt::format("{:3.0f}% [{}{}] {} of {}, {}/s", share * 100, std::string(filled, '='), std::string(bar_columns - filled, ' '),
                           size_text(static_cast<double>(done_)), size_text(static_cast<double>(*total_)), size_text(rate));
        if (rate > 0 && done_ < *total_) line += fmt::format(", {} left", time_text(static_cast<double>(*total_ - done_) / rate));
    } else {
        line = fmt::format("{}, {}/s, {}", size_text(static_cast<double>(done_)), size_text(rate), time_text(seconds));
    }
    print_error(fmt::format("\r{:.{}}\033[K", line, columns() - 1));
}

void GetProgress::end() {
    if (!std::exchange(running_, false) || !std::exchange(shown_, false)) return;
    show(Clock::now());
    shown_ = false;
    print_error("\n");
}

}  // namespace webserv::app
