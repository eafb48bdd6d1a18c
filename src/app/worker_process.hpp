// app/worker_process.hpp: what a worker process does: serves its first site, goes over to later ones, ends as it is told.
// It opens nothing itself: sites, logs and sockets come from the master.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "app/generation.hpp"
#include "base/task.hpp"
#include "process/worker.hpp"
#include "server/worker.hpp"

namespace webserv::app {

class WorkerProcess {
public:
    /// @param ending  called once nobody accepts any more
    WorkerProcess(process::Worker& process, const Recipe& recipe, server::LogFiles& logs, std::function<void()> ending);
    WorkerProcess(const WorkerProcess&) = delete;
    WorkerProcess& operator=(const WorkerProcess&) = delete;
    ~WorkerProcess();

    /// Serves until an order ends it.
    void run(Generation first);

    // Without a master.
    void flush_logs() { worker_.flush_logs(true); }
    /// The log files have been opened anew.
    void go_over(Generation next);
    [[nodiscard]] bool is_ending() const noexcept { return is_ending_; }

private:
    struct Pending {
        std::uint64_t number;
        Generation generation;
    };
    /// worker_shutdown_timeout: whoever has not finished by then is cut off.
    class PatienceOver final : public io::Timer {
    public:
        explicit PatienceOver(server::Worker& worker) : worker_{worker} {}

    private:
        void expired() override { worker_.stop(); }
        server::Worker& worker_;
    };
    /// The turn in which a generation was installed has ended, and so have those around it.
    class ReportDue final : public io::Timer {
    public:
        explicit ReportDue(WorkerProcess& worker) : worker_{worker} {}

    private:
        void expired() override { worker_.report(); }
        WorkerProcess& worker_;
    };
    void obey(process::Order order);
    void install(Generation generation);
    Task<> prepare(process::Delivery delivery);
    void commit(std::uint64_t number);
    void reopen_logs(process::Delivery delivery);
    void report();

    process::Worker& process_;
    const Recipe& recipe_;
    server::LogFiles& logs_;
    std::function<void()> ending_;
    server::Worker worker_;
    PatienceOver patience_over_;
    ReportDue report_due_;
    std::uint64_t number_ = 1;  // of the generation that serves
    std::optional<Pending> pending_;
    std::uint64_t newest_ = 0;  ///< generation that got ready here
    io::Scope end_;
    bool is_ending_ = false;
};

}  // namespace webserv::app
