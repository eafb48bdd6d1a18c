// process/rollout.cpp: the master's side of a reload in place.
// Two steps, so that the workers change together: none serves the new configuration while another could still fail to.
#include "process/rollout.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace webserv::process {

using observe::Level;

void Rollout::begin(std::uint64_t generation, const Plan& plan) {
    generation_ = generation;
    patience_ = plan.patience;
    under_way_ = true;
    for (Member* member : crew_.members()) {
        if (member->generation == generation) continue;
        member->prepared = false;
        member->answer_due = Clock::now() + patience_.prepare;
        member->channel.send(MessageKind::prepare, generation, {}, plan.parcel(member->index));
    }
}

void Rollout::take(Member& member, const Message& message) {
    if (message.generation != generation_ || !member.answer_due) return;
    if (message.kind == MessageKind::prepared) {
        member.prepared = true;
        member.answer_due.reset();
    } else if (message.kind == MessageKind::failed) {
        log_().write(Level::alert, fmt::format("worker process {} could not take the new configuration and is replaced: {}", member.process,
                                               message.text));
        crew_.replace(member, std::nullopt);
    }
}

std::optional<Clock::time_point> Rollout::attend() {
    if (!under_way_) return std::nullopt;
    std::optional<Clock::time_point> next;
    for (Member* member : crew_.members()) {
        if (!member->answer_due) continue;
        if (Clock::now() < *member->answer_due) {
            next = next ? std::min(*next, *member->answer_due) : *member->answer_due;
            continue;
        }
        log_().write(Level::alert, fmt::format("worker process {} does not answer and is replaced", member->process));
        crew_.replace(*member, patience_.silent);
    }
    if (next) return next;
    under_way_ = false;
    for (Member* member : crew_.members()) {
        if (!std::exchange(member->prepared, false)) continue;
        member->channel.send(MessageKind::commit, generation_);
        member->generation = generation_;
    }
    log_().write(Level::notice, fmt::format("generation {} of the configuration is in place", generation_));
    return std::nullopt;
}

}  // namespace webserv::process
