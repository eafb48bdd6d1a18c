// process/master.cpp: the master process: forks workers, replaces those that die, passes orders on, ends last.
// It waits in sigtimedwait(2) and nowhere else; deaths, orders and its own deadlines all meet there.
#include "process/master.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <vector>

#include "process/backoff.hpp"
#include "process/pid_file.hpp"
#include "process/signals.hpp"
#include "sys/process.hpp"

namespace webserv::process {

namespace {

using observe::Level;
using Clock = std::chrono::steady_clock;

constexpr sys::Signals master_signals = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGCHLD};

/// How long workers may take to obey a stop before they are killed; nginx's patience.
constexpr std::chrono::milliseconds stop_patience{1000};

/// The place of one worker; whoever dies in it is replaced in it.
struct Place {
    unsigned index = 0;
    pid_t process = 0;  ///< 0: nobody
    sys::Fd control;    ///< our end of the line whose silence tells a worker that we have gone
    Clock::time_point born{};
    std::optional<Clock::time_point> start_at;  ///< when somebody is due
    bool ever_replaced = false;
    Backoff backoff;
};

class Master {
public:
    Master(const Plan& plan, observe::Metrics& metrics, const observe::Log& log) : plan_{plan}, metrics_{metrics}, log_{log} {}

    /// @return the exit status: 0 after an order to end, 1 if no worker could be kept
    int run();

private:
    enum class Phase : unsigned char { serving, quitting, stopping };

    [[nodiscard]] bool anybody_left() const;
    [[nodiscard]] std::optional<std::chrono::nanoseconds> patience() const;
    void obey(const sys::SignalInfo& signal);
    void end(Phase phase, int signal);
    void tell_all(int signal);
    void start_due();
    void start(Place& place);
    [[noreturn]] void become_worker(unsigned index, sys::ControlPair line);
    void reap();
    void bury(Place& place, const sys::EndedChild& child);
    void kill_overdue();

    const Plan& plan_;
    observe::Metrics& metrics_;
    const observe::Log& log_;
    std::vector<Place> places_;
    Phase phase_ = Phase::serving;
    std::optional<Clock::time_point> kill_at_;
};

int Master::run() {
    places_.resize(plan_.workers);
    for (unsigned index = 0; index < plan_.workers; ++index) {
        places_[index].index = index;
        places_[index].start_at = Clock::now();
    }
    log_.write(Level::notice, "start worker processes");
    start_due();
    while (anybody_left()) {
        if (const auto signal = sys::wait_for_signal(master_signals, patience())) obey(*signal);
        reap();
        start_due();
        kill_overdue();
    }
    if (phase_ != Phase::serving) return 0;
    log_.write(Level::emerg, "no worker process is left");
    return 1;
}

bool Master::anybody_left() const {
    return std::any_of(places_.begin(), places_.end(), [](const Place& place) { return place.process != 0 || place.start_at; });
}

std::optional<std::chrono::nanoseconds> Master::patience() const {
    std::optional<Clock::time_point> next = kill_at_;
    for (const Place& place : places_) {
        if (place.start_at && (!next || *place.start_at < *next)) next = place.start_at;
    }
    if (!next) return std::nullopt;
    return *next - Clock::now();
}

void Master::obey(const sys::SignalInfo& signal) {
    switch (meaning_of(signal.number)) {
        case Meaning::stop:
            log_.write(Level::notice, received(signal) + ", exiting");
            return end(Phase::stopping, SIGTERM);
        case Meaning::quit:
            log_.write(Level::notice, received(signal) + ", shutting down");
            if (phase_ != Phase::stopping) end(Phase::quitting, SIGQUIT);
            if (plan_.quitting) plan_.quitting();
            return;
        default:
            break;
    }
    if (const auto refusal = refusal_of(signal, !plan_.daemon)) log_.write(Level::notice, *refusal);
}

/// Nobody is replaced from here on. A stop may follow a quit; a second stop gains no time.
void Master::end(Phase phase, int signal) {
    phase_ = phase;
    for (Place& place : places_) place.start_at.reset();
    if (phase == Phase::stopping && !kill_at_) kill_at_ = Clock::now() + stop_patience;
    tell_all(signal);
}

void Master::tell_all(int signal) {
    for (const Place& place : places_) {
        if (place.process == 0) continue;
        if (const auto sent = sys::send_signal(place.process, signal); !sent) log_.write(Level::alert, failure(sent.error()));
    }
}

void Master::kill_overdue() {
    if (!kill_at_ || Clock::now() < *kill_at_) return;
    kill_at_.reset();
    if (anybody_left()) log_.write(Level::alert, "workers have not stopped in time and are killed");
    tell_all(SIGKILL);
}

void Master::start_due() {
    const auto now = Clock::now();
    for (Place& place : places_) {
        if (place.start_at && *place.start_at <= now) start(place);
    }
}

void Master::start(Place& place) {
    auto line = sys::open_control_pair();
    metrics_.worker(place.index).reset_gauges();
    const auto process = line ? sys::fork_process() : Result<pid_t>{std::unexpected{line.error()}};
    if (!process) {
        log_.write(Level::alert, failure(process.error()));
        place.start_at = Clock::now() + Backoff::pace;
        return;
    }
    if (*process == 0) become_worker(place.index, std::move(*line));

    place.start_at.reset();
    place.process = *process;
    place.born = Clock::now();
    place.control = std::move(line->ours);
    log_.write(Level::notice, fmt::format("start worker process {}", *process));
}

void Master::become_worker(unsigned index, sys::ControlPair line) {
    // Copies of the master's ends in our hands would hide its death from us and from the other workers.
    line.ours.reset();
    for (Place& place : places_) place.control.reset();
    if (plan_.identity && ::geteuid() == 0) {
        const Identity& identity = *plan_.identity;
        if (const auto became = sys::become_user(identity.user_name, identity.user, identity.group); !became) {
            log_.write(Level::emerg, failure(became.error()));
            std::exit(fatal_status);
        }
    }
    std::exit(run_worker(index, &line.theirs, plan_.run, metrics_.worker(index), log_));
}

void Master::reap() {
    while (const auto child = sys::reap_child()) {
        const auto place = std::find_if(places_.begin(), places_.end(), [&](const Place& p) { return p.process == child->process; });
        if (place != places_.end()) bury(*place, *child);  // else an orphan that became ours, as process 1 of a container
    }
}

void Master::bury(Place& place, const sys::EndedChild& child) {
    place.process = 0;
    place.control.reset();
    const bool fatal = child.signal == 0 && child.exit_status == fatal_status && !place.ever_replaced;
    if (child.signal != 0) {
        log_.write(Level::alert, fmt::format("worker process {} exited on signal {}{}", child.process, child.signal,
                                             child.core_dumped ? " (core dumped)" : ""));
    } else if (fatal) {
        log_.write(Level::alert,
                   fmt::format("worker process {} exited with fatal code {} and cannot be respawned", child.process, child.exit_status));
    } else {
        log_.write(child.exit_status == 0 ? Level::notice : Level::alert,
                   fmt::format("worker process {} exited with code {}", child.process, child.exit_status));
    }
    if (fatal || phase_ != Phase::serving) return;
    place.ever_replaced = true;
    place.start_at = place.backoff.next_start(place.born, Clock::now());
}

/// Runs what the plan says, in this process or in workers.
int serve(const Plan& plan, observe::Metrics& metrics, const observe::Log& log) {
    if (plan.master) return Master{plan, metrics, log}.run();
    return run_worker(0, nullptr, plan.run, metrics.worker(0), log);
}

int give_up(const observe::Log& log, const Error& error) {
    log.write(Level::emerg, failure(error));
    return 1;
}

}  // namespace

int supervise(const Plan& plan, observe::Metrics& metrics, const observe::Log& log) {
    assert(plan.workers > 0 && plan.workers <= metrics.worker_count());
    sys::ignore_broken_pipes();
    sys::notice_children();
    // Before anybody can read our number and send a signal.
    sys::block_only(master_signals);

    std::optional<sys::Birth> birth;
    if (plan.daemon) {
        auto born = sys::daemonise();
        if (!born) return give_up(log, born.error());
        birth = std::move(*born);
    }
    std::optional<PidFile> pid_file;
    if (!plan.pid_path.empty()) {
        auto created = PidFile::create(plan.pid_path);
        if (!created) {
            const Error& error = created.error();
            log.write(Level::emerg,
                      fmt::format("{}() \"{}\" failed {}", error.doing, plan.pid_path, describe_errno(static_cast<int>(error.code))));
            return 1;
        }
        pid_file.emplace(std::move(*created));
    }
    if (birth) {
        // Last, so that what went wrong above could still be read on the terminal.
        if (const auto silenced = sys::silence_standard_streams(); !silenced) return give_up(log, silenced.error());
        birth->succeeded();
    }
    const int status = serve(plan, metrics, log);
    log.write(Level::notice, "exit");
    return status;
}

}  // namespace webserv::process
