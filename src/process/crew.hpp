// process/crew.hpp: the worker processes: started, replaced when they die or fall silent, retired, told.
// Knows when somebody is due; what a worker runs and why the crew changes is the master's business.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "observe/log.hpp"
#include "observe/metric.hpp"
#include "process/backoff.hpp"
#include "process/channel.hpp"
#include "sys/process.hpp"

namespace webserv::process {

using Clock = std::chrono::steady_clock;

/// How long workers may take to obey a stop before they are killed; nginx's patience.
inline constexpr std::chrono::milliseconds stop_patience{1000};
/// A worker that a signal has stopped (SIGSTOP) and nobody continues is given up after this.
inline constexpr std::chrono::milliseconds stopped_patience{500};

/// One worker process.
struct Member {
    unsigned index = 0;  ///< of its place
    unsigned block = 0;  ///< of the metrics
    pid_t process = 0;
    Channel channel;  ///< our end; its silence tells the worker that we have gone
    Clock::time_point born{};
    std::uint64_t generation = 0;  ///< what it runs
    bool began = false;            ///< it has told so: whoever stood here before may leave
    bool prepared = false;         ///< it is ready to go over to the newest generation
    bool told_to_leave = false;
    std::optional<Clock::time_point> answer_due;
    std::optional<Clock::time_point> stopped_since;
    std::optional<Clock::time_point> kill_at;
};

class Crew {
public:
    struct Ship {  ///< what all members have in common
        observe::Metrics& metrics;
        /// Forks nothing itself: called in the new process, never returns.
        std::function<void(Member&, sys::Fd control)> live;
        std::function<const observe::Log&()> log;
    };
    explicit Crew(Ship ship);

    /// As many places from now on, empty ones filled at once; who has no place any more retires.
    void resize(unsigned places);
    /// All leave gracefully as soon as others have begun in their places. If those can not, the present ones stay.
    void replace_all();
    /// Leaves gracefully, and another takes its place at once. @param patience  until it is killed; none: as long as it takes
    void replace(Member& member, std::optional<std::chrono::milliseconds> patience);
    /// All leave gracefully; nobody follows.
    void retire_all();
    /// Nobody is started any more, whoever dies.
    void close_entry() noexcept;

    void tell_all(int signal);
    void kill_all_at(Clock::time_point time);

    /// Starts who is due, kills who is overdue, gives up who is stopped. @return when to call again
    std::optional<Clock::time_point> attend(std::uint64_t generation);
    /// Takes the deaths of this child into account. @return false: it is none of the crew
    bool bury(const sys::EndedChild& child);
    void note_stopped();

    [[nodiscard]] bool anybody_left() const noexcept;
    /// Whether everybody who is to leave has been told.
    [[nodiscard]] bool is_settled() const noexcept;
    /// Whoever has a place and lives.
    [[nodiscard]] std::vector<Member*> members() const;
    /// The same and those that are leaving: everybody who may have something to say.
    [[nodiscard]] std::vector<Member*> everybody() const;
    /// In a new worker: copies of the others' lines would hide the master's death from them.
    void forget_lines();

private:
    struct Place {
        explicit Place(unsigned index_of_place) : index{index_of_place} {}
        unsigned index;
        std::unique_ptr<Member> member;
        std::optional<Clock::time_point> start_at;
        bool ever_replaced = false;
        Backoff backoff;
    };
    void retire(std::unique_ptr<Member> member, std::optional<std::chrono::milliseconds> patience);
    void send(const Member& member, int signal) const;
    [[nodiscard]] bool all_began() const noexcept;
    void start(Place& place, std::uint64_t generation);
    void report_end(const sys::EndedChild& child, bool fatal) const;
    [[nodiscard]] unsigned take_block(unsigned index);

    Ship ship_;
    std::vector<Place> places_;
    std::vector<std::unique_ptr<Member>> leaving_;
    std::vector<bool> blocks_in_use_;
    bool entry_closed_ = false;
};

}  // namespace webserv::process
