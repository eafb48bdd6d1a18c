// server/forking.hpp: a child process for each connection. The parent accepts, forks, closes its copy of the socket and buries its
// children; the child closes the listening sockets, serves this one connection upon a loop of its own, and exits.
#pragma once

#include <sys/types.h>

#include <coroutine>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/task.hpp"
#include "io/loop.hpp"
#include "observe/metric.hpp"
#include "server/concurrency.hpp"
#include "server/log_handover.hpp"
#include "sys/process.hpp"
#include "sys/shared_memory.hpp"

namespace webserv::server {

class Forking final : public Concurrency, private io::Watcher, private io::Timer {
public:
    explicit Forking(Worker& worker);
    ~Forking() override;

    void begin(sys::Accepted peer, const std::shared_ptr<const Entrance>& entrance) override;
    /// Children know only the site of their birth: one more answer, and their clients come again. None where nobody listens any more.
    void site_has_changed() override;
    /// Children change over to the new files at once.
    void logs_were_reopened() override;
    void drain() override;
    void stop() override;

private:
    struct Child {
        std::uint64_t connection = 0;  ///< its number
        observe::WorkerMetrics* counters = nullptr;
        std::shared_ptr<const Entrance> entrance{};
    };
    /// Resumes once no child is left. One waiter.
    struct Childless {
        Forking& forking;
        bool await_ready() const noexcept { return forking.children_.empty(); }
        void await_suspend(std::coroutine_handle<> waiter) noexcept { forking.waiter_ = waiter; }
        void await_resume() const noexcept {}
    };

    void on_events(std::uint32_t events) override;  // SIGCHLD
    void expired() override;                        // stop() was not obeyed in time
    void reap();
    void report_end(const sys::EndedChild& ended, const Child& child) const;
    void tell_all(int signal);
    void refuse(sys::Accepted peer);
    [[nodiscard]] Result<pid_t> fork_for(sys::Accepted& peer, const std::shared_ptr<const Entrance>& entrance);
    [[nodiscard]] Result<observe::WorkerMetrics*> take_counters();
    Task<> outlive_children();

    Worker& worker_;
    sys::Fd signals_;
    std::unordered_map<pid_t, Child> children_;
    std::vector<sys::SharedMemory> memory_;               // of the children's counters
    std::vector<observe::WorkerMetrics*> free_counters_;  // within it
    LogHandover handover_;
    std::size_t refusing_ = 0;
    bool full_ = false;  // and the log says so
    bool waits_ = false;
    std::coroutine_handle<> waiter_;

    friend Task<> refuse_politely(Forking& forking, sys::Fd socket);
};

}  // namespace webserv::server
