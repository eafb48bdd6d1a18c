// server/forked_child.cpp: close what is the parent's, build a worker for one connection, run its loop, exit.
// The inherited epoll descriptor is only closed: what epoll_ctl(2) did through it would happen to the parent's.
#include "server/forked_child.hpp"

#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "server/connection.hpp"
#include "server/worker.hpp"
#include "sys/process.hpp"

namespace webserv::server {
namespace {

constexpr int failed_status = 1;

/// The parent's orders, and what is left to do when there is no parent any more.
class Orders final : private io::Watcher, private io::Timer {
public:
    Orders(Worker& worker, sys::Fd signals, const Heritage& heritage)
        : worker_{worker}, signals_{std::move(signals)}, heritage_{heritage} {}
    ~Orders() override {
        worker_.loop.timers().disarm(*this);
        worker_.loop.remove(signals_, *this);
    }
    [[nodiscard]] Result<> start() { return worker_.loop.add(signals_, *this, EPOLLIN | EPOLLET); }
    void look_after_parent() {
        if (::getppid() != heritage_.process) finish();
    }

private:
    void on_events(std::uint32_t) override {
        while (const auto signal = sys::read_signal(signals_)) {
            if (signal->number == SIGHUP) {
                worker_.end_after_next_answer();
                limit_time();
            } else if (signal->number == SIGQUIT) {
                finish();
            } else if (signal->number == SIGUSR1) {
                worker_.flush_logs(true);  // what happened before the rotation belongs into the old files
                heritage_.handover.take(heritage_.logs);
                worker_.logs_were_reopened();
            } else {
                worker_.stop();
            }
        }
    }
    void finish() {
        // A successor of our parent counts where we did.
        if (::getppid() != heritage_.process) worker_.metrics.leave_whole();
        worker_.drain();
        limit_time();
    }
    void limit_time() {
        const milliseconds patience = worker_.current_site()->process().worker_shutdown_timeout;
        if (patience.count() > 0 && !armed()) worker_.loop.timers().arm(*this, worker_.loop.now() + patience);
    }
    void expired() override { worker_.stop(); }

    Worker& worker_;
    sys::Fd signals_;
    const Heritage& heritage_;
};

Task<> stop_when_finished(io::Scope& scope, io::Loop& loop) {
    co_await scope.finished();
    loop.stop();
}

}  // namespace

void live_for_one_connection(const Heritage& heritage, observe::WorkerMetrics& counters, sys::Accepted peer,
                             std::shared_ptr<const Entrance> entrance) {
    std::vector<int> kept = {peer.socket.get()};
    if (const int handover = heritage.handover.kept_by_children(); handover >= 0) kept.push_back(handover);
    for (const auto& log : heritage.logs) kept.push_back(log->file.get());
    sys::close_inherited_except(kept);
    (void)sys::set_parent_death_signal(SIGQUIT);  // it can only fail for an unknown signal
    auto signals = sys::open_signal_descriptor({SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1});
    const auto loop = io::Loop::create();
    if (!signals || !loop) ::_exit(failed_status);
    {
        io::Scope scope;
        Worker worker{**loop, scope, counters};
        worker.branch_off(heritage.parent);
        Orders orders{worker, std::move(*signals), heritage};
        if (!orders.start()) ::_exit(failed_status);
        serve(std::make_unique<Connection>(worker, std::move(peer.socket), peer.peer, std::move(entrance)));
        orders.look_after_parent();  // it may have gone before the kernel knew that we want to hear of it
        io::Scope end;
        end.spawn(stop_when_finished(scope, **loop));
        (*loop)->run();
    }
    ::_exit(0);  // without destructors: what they would close and free is the parent's
}

}  // namespace webserv::server
