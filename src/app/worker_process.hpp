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
    void obey(process::Order order);
    void install(Generation generation);
    Task<> prepare(process::Delivery delivery);
    void commit(std::uint64_t number);
    void reopen_logs(process::Delivery delivery);

    process::Worker& process_;
    const Recipe& recipe_;
    server::LogFiles& logs_;
    std::function<void()> ending_;
    server::Worker worker_;
    PatienceOver patience_over_;
    std::optional<Pending> pending_;
    std::uint64_t newest_ = 0;  ///< generation that got ready here
    io::Scope end_;
    bool is_ending_ = false;
};

}  // namespace webserv::app
