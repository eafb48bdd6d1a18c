// process/worker.cpp: a worker's loop with its two watchers: one for signals, one for the master's end.
// Both end in the same two orders, so what a worker runs need not know where they come from.
#include "process/worker.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>

#include "process/signals.hpp"
#include "sys/process.hpp"

namespace webserv::process {

namespace {

using observe::Level;

void give(Worker& worker, Order order) {
    if (worker.on_order) return worker.on_order(order);
    worker.loop.stop();
}

/// Turns signals into orders. Without a master it also tells which signals go unheeded, and names the senders.
class SignalWatcher final : public io::Watcher {
public:
    SignalWatcher(sys::Fd descriptor, Worker& worker, bool alone) : descriptor_{std::move(descriptor)}, worker_{worker}, alone_{alone} {}
    ~SignalWatcher() { worker_.loop.remove(descriptor_, *this); }
    [[nodiscard]] Result<> start() { return worker_.loop.add(descriptor_, *this, EPOLLIN | EPOLLET); }

    void on_events(std::uint32_t) override {
        while (const auto signal = sys::read_signal(descriptor_)) obey(*signal);
    }

private:
    void obey(const sys::SignalInfo& signal) {
        switch (meaning_of(signal.number)) {
            case Meaning::stop:
                announce(signal, "exiting");
                return give(worker_, Order::stop);
            case Meaning::quit:
                announce(signal, "shutting down");
                return give(worker_, Order::quit);
            case Meaning::reload:
                if (alone_ && worker_.ends_with_terminal) return give(worker_, Order::stop);
                break;
            default:
                break;
        }
        const auto refusal = alone_ ? refusal_of(signal, true) : std::nullopt;
        if (refusal) worker_.log.write(Level::notice, *refusal);
    }

    void announce(const sys::SignalInfo& signal, std::string_view what) const {
        if (alone_) worker_.log.write(Level::notice, fmt::format("{}, {}", received(signal), what));
    }

    sys::Fd descriptor_;
    Worker& worker_;
    bool alone_;
};

/// Notices that the master has ended without saying so (SIGKILL, a crash): nobody would replace or stop us any more.
class MasterWatcher final : public io::Watcher {
public:
    MasterWatcher(const sys::Fd& control, Worker& worker) : control_{control}, worker_{worker} {}
    ~MasterWatcher() { worker_.loop.remove(control_, *this); }
    [[nodiscard]] Result<> start() { return worker_.loop.add(control_, *this, EPOLLIN | EPOLLRDHUP | EPOLLET); }

    void on_events(std::uint32_t events) override {
        if (told_ || (events & (EPOLLRDHUP | EPOLLHUP)) == 0) return;
        told_ = true;
        worker_.log.write(Level::alert, "the master process has gone, shutting down");
        give(worker_, Order::quit);
    }

private:
    const sys::Fd& control_;
    Worker& worker_;
    bool told_ = false;
};

int give_up(const observe::Log& log, const Error& error) {
    log.write(Level::emerg, failure(error));
    return fatal_status;
}

}  // namespace

int run_worker(unsigned index, const sys::Fd* control, const std::function<void(Worker&)>& run, observe::WorkerMetrics& metrics,
               const observe::Log& log) {
    // SIGCHLD is not among them: a worker's own children are waited for by whoever starts them.
    sys::block_only(steering_signals);
    auto descriptor = sys::open_signal_descriptor(steering_signals);
    if (!descriptor) return give_up(log, descriptor.error());
    const auto loop = io::Loop::create();
    if (!loop) return give_up(log, loop.error());

    io::Scope scope;
    Worker worker{index, **loop, scope, metrics, log, false, {}};
    SignalWatcher signals{std::move(*descriptor), worker, control == nullptr};
    if (const auto started = signals.start(); !started) return give_up(log, started.error());
    std::optional<MasterWatcher> master;
    if (control != nullptr) {
        master.emplace(*control, worker);
        if (const auto started = master->start(); !started) return give_up(log, started.error());
    }
    run(worker);
    return 0;
}

}  // namespace webserv::process
