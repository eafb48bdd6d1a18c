// app/get_progress.hpp: how far a download is, on one line of the terminal, for whoever waits for it.
// Nothing is shown of what is small or soon over, and nothing at all where no terminal is.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace webserv::app {

class GetProgress {
public:
    /// @param wanted  false: it never shows anything
    explicit GetProgress(bool wanted) noexcept : wanted_{wanted} {}
    ~GetProgress() { end(); }
    GetProgress(const GetProgress&) = delete;
    GetProgress& operator=(const GetProgress&) = delete;

    /// @param done  octets that are there already
    void begin(std::uint64_t done, std::optional<std::uint64_t> total);
    void advance(std::uint64_t octets);
    /// The last state stays on its line; what is printed next has a line of its own.
    void end();

private:
    using Clock = std::chrono::steady_clock;
    void show(Clock::time_point now);

    bool wanted_;
    bool running_ = false;
    bool shown_ = false;
    std::uint64_t done_ = 0;
    std::uint64_t received_ = 0;
    std::optional<std::uint64_t> total_;
    Clock::time_point began_;
    Clock::time_point last_shown_;
};

}  // namespace webserv::app
