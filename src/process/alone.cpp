// process/alone.cpp: the duties of a master, done on the loop that serves.
// A reload keeps the connections waiting for as long as it takes to read the configuration, as in nginx.
#include "process/alone.hpp"

#include <fmt/format.h>

#include <utility>

#include "process/signals.hpp"
#include "sys/environment.hpp"

namespace webserv::process {
namespace {

using observe::Level;

/// Tells the service manager that the loop still turns.
class Heartbeat final : public io::Timer {
public:
    Heartbeat(io::Loop& loop, const ServiceManager& manager) : loop_{loop}, manager_{manager} {
        if (manager_.watchdog_interval()) expired();
    }
    Heartbeat(const Heartbeat&) = delete;
    Heartbeat& operator=(const Heartbeat&) = delete;
    ~Heartbeat() override { loop_.timers().disarm(*this); }

private:
    void expired() override {
        manager_.ping();
        loop_.timers().arm(*this, io::deadline_after(loop_.now(), *manager_.watchdog_interval()));
    }

    io::Loop& loop_;
    const ServiceManager& manager_;
};

class Alone {
public:
    Alone(std::shared_ptr<const Plan> plan, Worker& worker, std::optional<PidFile>& pid_file, const ServiceManager& manager)
        : plan_{std::move(plan)}, worker_{worker}, pid_file_{pid_file}, manager_{manager}, heartbeat_{worker.loop, manager} {
        worker_.on_ending = [this] { manager_.stopping(); };
        if (plan_->next) worker_.on_hangup = [this] { reload(); };
    }
    Alone(const Alone&) = delete;
    Alone& operator=(const Alone&) = delete;
    ~Alone() { worker_.on_hangup = worker_.on_ending = nullptr; }

private:
    void reload() {
        if (!worker_.on_reload) return;
        manager_.reloading();
        if (auto next = worker_.on_reload()) take(std::move(next));
        manager_.ready();
    }

    void take(std::shared_ptr<const Plan> next) {
        if (!(next->settings == plan_->settings)) next->log->write(Level::notice, "settings of the process take effect only at the start");
        plan_ = std::move(next);
        if (pid_file_ && plan_->pid_path != pid_file_->path()) {
            if (const auto moved = rewrite(pid_file_, plan_->pid_path); !moved) {
                plan_->log->write(Level::emerg, fmt::format("pid file \"{}\": {}", plan_->pid_path, failure(moved.error())));
            }
        }
        if (plan_->settled) plan_->settled();
        plan_->log->write(Level::notice, fmt::format("generation {} of the configuration is in place", ++generation_));
    }

    std::shared_ptr<const Plan> plan_;
    Worker& worker_;
    std::optional<PidFile>& pid_file_;
    const ServiceManager& manager_;
    Heartbeat heartbeat_;
    std::uint64_t generation_ = 1;
};

}  // namespace

int serve_alone(const std::shared_ptr<const Plan>& plan, observe::Metrics& metrics, std::optional<PidFile>& pid_file,
                const ServiceManager& manager) {
    sys::replace_environment(plan->settings.environment);
    manager.ready();
    const auto live = [&](Worker& worker) {
        const Alone duties{plan, worker, pid_file, manager};
        plan->run(worker);
    };
    const int status = run_worker(0, nullptr, live, metrics, 0, *plan->log);
    if (plan->ending) plan->ending(false);
    return status;
}

}  // namespace webserv::process
