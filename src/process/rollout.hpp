// process/rollout.hpp: how running workers go over to a new generation: all are handed it, all get ready, then all change.
// Whoever fails or stays silent is replaced; a new process begins with the newest generation anyway.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "process/crew.hpp"
#include "process/master.hpp"

namespace webserv::process {

class Rollout {
public:
    Rollout(Crew& crew, std::function<const observe::Log&()> log) : crew_{crew}, log_{std::move(log)} {}

    /// Hands the plan to everybody who runs another generation. One that is under way is overtaken.
    void begin(std::uint64_t generation, const Plan& plan);
    /// An answer of a worker. Answers about a generation that was overtaken mean nothing.
    void take(Member& member, const Message& message);
    /// Replaces who is silent; tells all to change once nobody is waited for. @return when to call again
    std::optional<Clock::time_point> attend();
    [[nodiscard]] bool under_way() const noexcept { return under_way_; }

private:
    Crew& crew_;
    std::function<const observe::Log&()> log_;
    std::uint64_t generation_ = 0;
    Patience patience_;
    bool under_way_ = false;
};

}  // namespace webserv::process
