// process/crew.cpp: forking and burying workers, and the deadlines around them.
// A member is always in one of two lists: it has a place, or it is leaving.
#include "process/crew.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "process/signals.hpp"
#include "process/worker.hpp"

namespace webserv::process {
namespace {

using observe::Level;

void take_earlier(std::optional<Clock::time_point>& earliest, const std::optional<Clock::time_point>& other) {
    if (other && (!earliest || *other < *earliest)) earliest = other;
}

}  // namespace

Crew::Crew(Ship ship) : ship_{std::move(ship)}, blocks_in_use_(ship_.metrics.worker_count()) {}

void Crew::resize(unsigned places) {
    while (places_.size() > places) {
        if (places_.back().member) retire(std::move(places_.back().member), std::nullopt);
        places_.pop_back();
    }
    while (places_.size() < places) places_.emplace_back(static_cast<unsigned>(places_.size()));
    for (Place& place : places_) {
        if (!place.member && !place.start_at) place.start_at = Clock::now();
    }
}

void Crew::replace_all() {
    for (Place& place : places_) {
        if (place.member) leaving_.push_back(std::move(place.member));
        place.ever_replaced = false;
        place.start_at = Clock::now();
    }
}

void Crew::replace(Member& member, std::optional<std::chrono::milliseconds> patience) {
    const auto place = std::find_if(places_.begin(), places_.end(), [&](const Place& p) { return p.member.get() == &member; });
    if (place == places_.end()) return;
    if (!entry_closed_) place->start_at = Clock::now();
    place->ever_replaced = true;
    retire(std::move(place->member), patience);
}

void Crew::retire_all() {
    for (Place& place : places_) {
        place.start_at.reset();
        if (place.member) retire(std::move(place.member), std::nullopt);
    }
    for (const auto& member : leaving_) {
        if (!std::exchange(member->told_to_leave, true)) send(*member, SIGQUIT);
    }
}

void Crew::retire(std::unique_ptr<Member> member, std::optional<std::chrono::milliseconds> patience) {
    send(*member, SIGQUIT);
    member->told_to_leave = true;
    if (patience) member->kill_at = Clock::now() + *patience;
    leaving_.push_back(std::move(member));
}

void Crew::close_entry() noexcept {
    entry_closed_ = true;
    for (Place& place : places_) place.start_at.reset();
}

void Crew::send(const Member& member, int signal) const {
    if (const auto sent = sys::send_signal(member.process, signal); !sent) ship_.log().write(Level::alert, failure(sent.error()));
}

void Crew::tell_all(int signal) {
    for (const Member* member : everybody()) send(*member, signal);
}

void Crew::kill_all_at(Clock::time_point time) {
    for (Member* member : everybody()) member->kill_at = time;
}

std::optional<Clock::time_point> Crew::attend(std::uint64_t generation) {
    const auto now = Clock::now();
    for (Place& place : places_) {
        if (place.start_at && *place.start_at <= now) start(place, generation);
    }
    if (all_began()) {  // only now: else nobody might be left if the successors can not begin
        for (const auto& member : leaving_) {
            if (!std::exchange(member->told_to_leave, true)) send(*member, SIGQUIT);
        }
    }
    std::optional<Clock::time_point> next;
    for (const Place& place : places_) take_earlier(next, place.start_at);
    for (Member* member : everybody()) {
        if (member->stopped_since && sys::has_continued(member->process)) member->stopped_since.reset();
        if (member->stopped_since && now >= *member->stopped_since + stopped_patience) {
            ship_.log().write(Level::alert, fmt::format("worker process {} is stopped and answers nobody: it is killed", member->process));
            member->stopped_since.reset();
            member->kill_at = now;
        }
        if (member->kill_at && now >= *member->kill_at) {
            member->kill_at.reset();
            ship_.log().write(Level::alert, fmt::format("worker process {} has not ended in time and is killed", member->process));
            send(*member, SIGKILL);
        }
        take_earlier(next, member->kill_at);
        if (member->stopped_since) take_earlier(next, *member->stopped_since + stopped_patience);
    }
    return next;
}

unsigned Crew::take_block(unsigned index) {
    const auto free = std::find(blocks_in_use_.begin(), blocks_in_use_.end(), false);
    if (free == blocks_in_use_.end()) return index % ship_.metrics.worker_count();  // two write one block: figures suffer, nothing else
    *free = true;
    return static_cast<unsigned>(free - blocks_in_use_.begin());
}

void Crew::start(Place& place, std::uint64_t generation) {
    auto line = sys::open_control_pair();
    const unsigned block = take_block(place.index);
    ship_.metrics.worker(block).reset_gauges();
    const auto process = line ? sys::fork_process() : Result<pid_t>{std::unexpected{line.error()}};
    if (!process) {
        blocks_in_use_[block] = false;
        ship_.log().write(Level::alert, failure(process.error()));
        place.start_at = Clock::now() + Backoff::pace;
        return;
    }
    auto member = std::make_unique<Member>();
    member->index = place.index;
    member->block = block;
    member->generation = generation;
    if (*process == 0) {
        line->ours.reset();
        ship_.live(*member, std::move(line->theirs));
        ::_exit(fatal_status);  // live() does not return
    }
    place.start_at.reset();
    member->process = *process;
    member->born = Clock::now();
    member->channel = Channel{std::move(line->ours)};
    place.member = std::move(member);
    ship_.log().write(Level::notice, fmt::format("start worker process {}", *process));
}

bool Crew::bury(const sys::EndedChild& child) {
    const auto is_it = [&](const std::unique_ptr<Member>& member) { return member && member->process == child.process; };
    if (const auto gone = std::find_if(leaving_.begin(), leaving_.end(), is_it); gone != leaving_.end()) {
        blocks_in_use_[(*gone)->block] = false;
        leaving_.erase(gone);
        report_end(child, false);
        return true;
    }
    const auto place = std::find_if(places_.begin(), places_.end(), [&](const Place& p) { return is_it(p.member); });
    if (place == places_.end()) return false;
    const bool fatal = child.signal == 0 && child.exit_status == fatal_status && !place->ever_replaced;
    report_end(child, fatal);
    blocks_in_use_[place->member->block] = false;
    const auto born = place->member->born;
    place->member.reset();
    if (fatal || entry_closed_) return true;
    place->ever_replaced = true;
    place->start_at = place->backoff.next_start(born, Clock::now());
    return true;
}

void Crew::report_end(const sys::EndedChild& child, bool fatal) const {
    const observe::Log& log = ship_.log();
    if (child.signal != 0) {
        log.write(Level::alert, fmt::format("worker process {} exited on signal {}{}", child.process, child.signal,
                                            child.core_dumped ? " (core dumped)" : ""));
    } else if (fatal) {
        log.write(Level::alert,
                  fmt::format("worker process {} exited with fatal code {} and cannot be respawned", child.process, child.exit_status));
    } else {
        log.write(child.exit_status == 0 ? Level::notice : Level::alert,
                  fmt::format("worker process {} exited with code {}", child.process, child.exit_status));
    }
}

void Crew::note_stopped() {
    while (const auto process = sys::take_stopped_child()) {
        for (Member* member : everybody()) {
            if (member->process == *process) member->stopped_since = Clock::now();
        }
    }
}

bool Crew::all_began() const noexcept {
    return std::all_of(places_.begin(), places_.end(), [](const Place& p) { return p.member && p.member->began; });
}

bool Crew::is_settled() const noexcept {
    return std::all_of(leaving_.begin(), leaving_.end(), [](const auto& member) { return member->told_to_leave; });
}

bool Crew::anybody_left() const noexcept {
    return !leaving_.empty() || std::any_of(places_.begin(), places_.end(), [](const Place& p) { return p.member || p.start_at; });
}

std::vector<Member*> Crew::members() const {
    std::vector<Member*> members;
    for (const Place& place : places_) {
        if (place.member) members.push_back(place.member.get());
    }
    return members;
}

std::vector<Member*> Crew::everybody() const {
    std::vector<Member*> all = members();
    for (const auto& member : leaving_) all.push_back(member.get());
    return all;
}

void Crew::forget_lines() {
    for (Member* member : everybody()) member->channel.close();
}

}  // namespace webserv::process
