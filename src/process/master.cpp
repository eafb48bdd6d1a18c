// process/master.cpp: the master process: keeps its crew at work, obeys signals, hands out new configurations, ends last.
// It waits in ppoll(2) and nowhere else; deaths, orders, answers of workers and its own deadlines all meet there.
#include "process/master.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <initializer_list>
#include <optional>
#include <vector>

#include "process/alone.hpp"
#include "process/crew.hpp"
#include "process/pid_file.hpp"
#include "process/rollout.hpp"
#include "process/service_manager.hpp"
#include "process/signals.hpp"
#include "sys/process.hpp"

namespace webserv::process {

namespace {

using observe::Level;

constexpr sys::Signals master_signals = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGCHLD};

std::optional<Clock::time_point> earliest(std::initializer_list<std::optional<Clock::time_point>> deadlines) {
    std::optional<Clock::time_point> first;
    for (const auto& deadline : deadlines) {
        if (deadline && (!first || *deadline < *first)) first = deadline;
    }
    return first;
}

class Master {
public:
    Master(std::shared_ptr<const Plan> plan, observe::Metrics& metrics, sys::Fd signals, std::optional<PidFile>& pid_file,
           const ServiceManager& manager);

    /// @return the exit status: 0 after an order to end, 1 if no worker could be kept
    int run();

private:
    enum class Phase : unsigned char { serving, quitting, stopping };

    [[nodiscard]] const observe::Log& log() const { return *plan_->log; }
    [[nodiscard]] std::optional<Clock::time_point> attend_rollout();
    [[nodiscard]] std::optional<Clock::time_point> attend_watchdog();
    void wait_until(std::optional<Clock::time_point> deadline);
    void listen_to(Member& member);
    void obey(const sys::SignalInfo& signal);
    void end(Phase phase, int signal);
    void reload();
    void take(std::shared_ptr<const Plan> next);
    void settle();
    void move_pid_file(const std::string& path);
    void reopen_logs();
    void upgrade();
    void retire_workers();
    void reap();
    void bury_heir();
    void let_go() const;
    [[nodiscard]] bool predecessor_lives() const noexcept { return plan_->heir && ::getppid() == parent_; }
    [[noreturn]] void become_worker(const Member& member, sys::Fd control);

    std::shared_ptr<const Plan> plan_;
    observe::Metrics& metrics_;
    sys::Fd signals_;
    std::optional<PidFile>& pid_file_;
    const ServiceManager& manager_;
    Crew crew_;
    Rollout rollout_;
    std::uint64_t generation_ = 1;
    Phase phase_ = Phase::serving;
    const pid_t parent_ = ::getppid();
    std::string pid_path_;  // of our pid file, once it has given way to an heir's
    pid_t heir_ = 0;        // the master of a newer executable, while it runs beside us
    Clock::time_point ping_at_{};
    bool unsettled_ = false;  // workers have yet to be told of the newest plan
    bool retired_ = false;    // told to let the workers go, but not to end
};

Master::Master(std::shared_ptr<const Plan> plan, observe::Metrics& metrics, sys::Fd signals, std::optional<PidFile>& pid_file,
               const ServiceManager& manager)
    : plan_{std::move(plan)},
      metrics_{metrics},
      signals_{std::move(signals)},
      pid_file_{pid_file},
      manager_{manager},
      crew_{{.metrics = metrics,
             .live = [this](Member& member, sys::Fd control) { become_worker(member, std::move(control)); },
             .log = [this]() -> const observe::Log& { return log(); }}},
      rollout_{crew_, [this]() -> const observe::Log& { return log(); }} {}

int Master::run() {
    log().write(Level::notice, "start worker processes");
    crew_.resize(plan_->workers);
    std::optional<Clock::time_point> next;
    const auto attend = [&] {
        const auto of_rollout = attend_rollout();  // first: it may change what is due in the crew
        next = earliest({of_rollout, crew_.attend(generation_), attend_watchdog()});
        if (unsettled_ && !rollout_.under_way() && crew_.is_settled()) settle();
    };
    attend();
    if (plan_->heir) manager_.main_pid(::getpid());
    manager_.ready();
    while (crew_.anybody_left() || (phase_ == Phase::serving && retired_)) {
        wait_until(next);
        while (const auto signal = sys::read_signal(signals_)) obey(*signal);
        reap();
        attend();
    }
    let_go();
    if (phase_ != Phase::serving) return 0;
    log().write(Level::emerg, "no worker process is left");
    return 1;
}

std::optional<Clock::time_point> Master::attend_rollout() {
    if (!rollout_.under_way()) return std::nullopt;
    const auto next = rollout_.attend();
    if (!rollout_.under_way()) manager_.ready();
    return next;
}

std::optional<Clock::time_point> Master::attend_watchdog() {
    const auto interval = manager_.watchdog_interval();
    if (!interval) return std::nullopt;
    const auto now = Clock::now();
    if (now >= ping_at_) {
        manager_.ping();
        ping_at_ = now + *interval;
    }
    return ping_at_;
}

void Master::wait_until(std::optional<Clock::time_point> deadline) {
    const std::vector<Member*> members = crew_.everybody();
    std::vector<pollfd> awaited{{.fd = signals_.get(), .events = POLLIN, .revents = 0}};
    for (const Member* member : members) {
        const short events = member->channel.has_unsent() ? POLLIN | POLLOUT : POLLIN;
        awaited.push_back({.fd = member->channel.socket().get(), .events = events, .revents = 0});  // negative once closed: not looked at
    }
    timespec limit{};
    if (deadline) {
        const auto left = std::max(*deadline - Clock::now(), Clock::duration::zero());
        const auto whole = std::chrono::floor<std::chrono::seconds>(left);
        limit = {.tv_sec = whole.count(), .tv_nsec = std::chrono::nanoseconds{left - whole}.count()};
    }
    if (::ppoll(awaited.data(), awaited.size(), deadline ? &limit : nullptr, nullptr) <= 0) return;
    for (std::size_t index = 0; index < members.size(); ++index) {
        if (awaited[index + 1].revents != 0) listen_to(*members[index]);
    }
}

void Master::listen_to(Member& member) {
    member.channel.flush();
    for (;;) {
        auto message = member.channel.receive();
        if (!message) return member.channel.close();  // it has ended; SIGCHLD tells how
        if (!*message) return;
        if ((*message)->kind == MessageKind::began)
            member.began = true;
        else
            rollout_.take(member, **message);
    }
}

void Master::obey(const sys::SignalInfo& signal) {
    const auto announce = [&](std::string_view what) { log().write(Level::notice, fmt::format("{}{}", received(signal), what)); };
    switch (meaning_of(signal.number)) {
        case Meaning::stop:
            announce(", exiting");
            return end(Phase::stopping, SIGTERM);
        case Meaning::quit:
            announce(", shutting down");
            if (phase_ != Phase::stopping) end(Phase::quitting, SIGQUIT);
            return let_go();
        case Meaning::reload:
            if (phase_ != Phase::serving) return;
            announce(", reconfiguring");
            return reload();
        case Meaning::reopen:
            announce(", reopening logs");
            return reopen_logs();
        case Meaning::upgrade:
            if (phase_ != Phase::serving) return;
            announce(", changing binary");
            return upgrade();
        case Meaning::retire_workers:
            if (phase_ != Phase::serving || !(plan_->daemon || plan_->heir)) return;  // a terminal sends it whenever its window changes
            announce(", gracefully shutting down the workers");
            return retire_workers();
        default:
            return;
    }
}

/// Nobody is replaced from here on. A stop may follow a quit; a second stop gains no time.
void Master::end(Phase phase, int signal) {
    if (phase == Phase::stopping && phase_ != Phase::stopping) crew_.kill_all_at(Clock::now() + stop_patience);
    phase_ = phase;
    manager_.stopping();
    crew_.close_entry();
    crew_.tell_all(signal);
}

void Master::reload() {
    if (std::exchange(retired_, false)) crew_.resize(plan_->workers);
    // As in nginx: while a newer executable runs beside us, this is the way back to our own workers and nothing else.
    if (heir_ != 0) return log().write(Level::notice, fmt::format("the configuration is not loaded while the new binary {} runs", heir_));
    if (!plan_->next) return log().write(Level::notice, "there is no configuration to load again");
    manager_.reloading();
    if (auto next = plan_->next()) take(std::move(next));
    if (!rollout_.under_way()) manager_.ready();
}

void Master::take(std::shared_ptr<const Plan> next) {
    const bool in_place = next->parcel && next->settings == plan_->settings;
    plan_ = std::move(next);
    ++generation_;
    unsettled_ = true;
    if (pid_file_ && plan_->pid_path != pid_file_->path()) move_pid_file(plan_->pid_path);
    if (!in_place) {
        log().write(Level::notice, "settings of the processes have changed: the workers are replaced");
        crew_.replace_all();
    }
    crew_.resize(plan_->workers);
    if (in_place) rollout_.begin(generation_, *plan_);
}

void Master::settle() {
    unsettled_ = false;
    if (plan_->settled) plan_->settled();
}

void Master::move_pid_file(const std::string& path) {
    if (const auto moved = rewrite(pid_file_, path); !moved) {
        log().write(Level::emerg, fmt::format("pid file \"{}\": {}", path, failure(moved.error())));
    }
}

void Master::reopen_logs() {
    if (!plan_->reopen) return;
    const Parcel parcel = plan_->reopen();
    for (Member* member : crew_.everybody()) member->channel.send(MessageKind::reopen, generation_, {}, parcel);
}

void Master::upgrade() {
    if (!plan_->upgrade) return log().write(Level::notice, "there is no executable to change to");
    if (heir_ != 0) return log().write(Level::crit, fmt::format("the new binary {} runs already", heir_));
    if (predecessor_lives()) {  // three would be one too many for two pid files
        return log().write(Level::crit, fmt::format("the old binary {} still runs: it has to end before the next one may start", parent_));
    }
    if (pid_file_) {
        pid_path_ = pid_file_->path();
        if (const auto moved = pid_file_->move_to(pid_path_ + ".oldbin"); !moved) return log().write(Level::alert, failure(moved.error()));
    }
    const auto started = plan_->upgrade(manager_.environment());
    if (started) {
        heir_ = *started;
        return log().write(Level::notice, fmt::format("start new binary process {}", heir_));
    }
    log().write(Level::alert, fmt::format("the new binary can not be started: {}", failure(started.error())));
    bury_heir();
}

/// The newer executable has gone, or never came: this master is the only one again.
void Master::bury_heir() {
    if (heir_ != 0) manager_.main_pid(::getpid());
    heir_ = 0;
    if (pid_file_) {
        if (const auto moved = pid_file_->move_to(pid_path_); !moved) log().write(Level::alert, failure(moved.error()));
    }
    if (phase_ == Phase::serving && std::exchange(retired_, false)) crew_.resize(plan_->workers);
}

/// Of the listening sockets. What has a name stays if another master, older or newer, serves there too.
void Master::let_go() const {
    if (plan_->ending) plan_->ending(heir_ != 0 || predecessor_lives());
}

void Master::retire_workers() {
    retired_ = true;
    crew_.retire_all();
}

void Master::reap() {
    crew_.note_stopped();
    while (const auto child = sys::reap_child()) {
        if (crew_.bury(*child)) continue;
        if (child->process != heir_) continue;  // an orphan that became ours, as process 1 of a container
        log().write(Level::notice, fmt::format("new binary process {} exited", child->process));
        bury_heir();
    }
}

void Master::become_worker(const Member& member, sys::Fd control) {
    // Copies of the master's ends in our hands would hide its death from us and from the other workers.
    crew_.forget_lines();
    signals_.reset();
    const std::shared_ptr<const Plan> plan = plan_;
    if (!apply(plan->settings, member.index, log())) std::exit(fatal_status);
    std::exit(run_worker(member.index, &control, plan->run, metrics_, member.block, log()));
}

/// Runs what the plan says, in this process or in workers.
int serve(const std::shared_ptr<const Plan>& plan, observe::Metrics& metrics, std::optional<PidFile>& pid_file,
          const ServiceManager& manager) {
    if (!plan->master) return serve_alone(plan, metrics, pid_file, manager);
    auto signals = sys::open_signal_descriptor(master_signals);
    if (signals) return Master{plan, metrics, std::move(*signals), pid_file, manager}.run();
    plan->log->write(Level::emerg, failure(signals.error()));
    return 1;
}

int give_up(const observe::Log& log, const Error& error) {
    log.write(Level::emerg, failure(error));
    return 1;
}

}  // namespace

void hold_signals() noexcept {
    sys::block_only(master_signals);
    sys::heed(master_signals);
}

int supervise(const std::shared_ptr<const Plan>& plan, observe::Metrics& metrics) {
    assert(plan->log && plan->workers > 0);
    const observe::Log& log = *plan->log;
    const ServiceManager manager = ServiceManager::from_environment();
    sys::ignore_broken_pipes();
    hold_signals();  // before anybody can read our number and send one

    std::optional<sys::Birth> birth;
    if (plan->daemon && !plan->heir) {
        auto born = sys::daemonise();
        if (!born) return give_up(log, born.error());
        birth = std::move(*born);
    }
    std::optional<PidFile> pid_file;
    if (!plan->pid_path.empty()) {
        auto created = PidFile::create(plan->pid_path);
        if (!created) {
            const Error& error = created.error();
            log.write(Level::emerg,
                      fmt::format("{}() \"{}\" failed {}", error.doing, plan->pid_path, describe_errno(static_cast<int>(error.code))));
            return 1;
        }
        pid_file.emplace(std::move(*created));
    }
    if (birth) {
        // Last, so that what went wrong above could still be read on the terminal.
        if (const auto silenced = sys::silence_standard_streams(); !silenced) return give_up(log, silenced.error());
        birth->succeeded();
    }
    const int status = serve(plan, metrics, pid_file, manager);
    log.write(Level::notice, "exit");
    return status;
}

}  // namespace webserv::process
