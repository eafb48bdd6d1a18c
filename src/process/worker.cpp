// process/worker.cpp: a worker's loop with its two watchers: one for signals, one for the master's end.
// Both end in the same two orders, so what a worker runs need not know where they come from.
#include "process/worker.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>

#include "process/channel.hpp"
#include "process/signals.hpp"
#include "sys/process.hpp"

namespace webserv::process {

namespace {

using observe::Level;

void give(Worker& worker, Order order) {
    if (worker.on_ending) worker.on_ending();
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
                if (!worker_.on_hangup) break;
                announce(signal, "reconfiguring");
                return worker_.on_hangup();
            case Meaning::reopen:
                if (!alone_ || !worker_.on_reopen) break;  // the master's descriptors come by the line
                announce(signal, "reopening logs");
                return worker_.on_reopen({});
            default:
                break;
        }
        if (alone_) worker_.log.write(Level::notice, fmt::format("{}, which means nothing without a master process", received(signal)));
    }

    void announce(const sys::SignalInfo& signal, std::string_view what) const {
        if (alone_) worker_.log.write(Level::notice, fmt::format("{}, {}", received(signal), what));
    }

    sys::Fd descriptor_;
    Worker& worker_;
    bool alone_;
};

/// The line to the master: its messages, and its end without a word (SIGKILL, a crash): nobody would replace or stop us then.
class MasterWatcher final : public io::Watcher {
public:
    MasterWatcher(Channel& channel, Worker& worker) : channel_{channel}, worker_{worker} {}
    ~MasterWatcher() { worker_.loop.remove(channel_.socket(), *this); }
    [[nodiscard]] Result<> start() { return worker_.loop.add(channel_.socket(), *this, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET); }

    void on_events(std::uint32_t) override {
        channel_.flush();
        while (!gone_) {
            auto message = channel_.receive();
            if (!message) return end();
            if (!*message) return;
            obey(**message);
        }
    }

private:
    void obey(Message& message) {
        switch (message.kind) {
            case MessageKind::prepare:
                if (!worker_.on_delivery) return worker_.answer(message.generation, false, "it takes no deliveries");
                return worker_.on_delivery({message.generation, std::move(message.descriptors)});
            case MessageKind::commit:
                if (worker_.on_commit) worker_.on_commit(message.generation);
                return;
            case MessageKind::reopen:
                if (worker_.on_reopen) worker_.on_reopen({message.generation, std::move(message.descriptors)});
                return;
            default:
                return;
        }
    }

    void end() {
        gone_ = true;
        worker_.log.write(Level::alert, "the master process has gone, shutting down");
        give(worker_, Order::quit);
    }

    Channel& channel_;
    Worker& worker_;
    bool gone_ = false;
};

int give_up(const observe::Log& log, const Error& error) {
    log.write(Level::emerg, failure(error));
    return fatal_status;
}

}  // namespace

void Worker::answer(std::uint64_t generation, bool prepared, std::string_view why) {
    if (to_master != nullptr) to_master->send(prepared ? MessageKind::prepared : MessageKind::failed, generation, why);
}

int run_worker(unsigned index, sys::Fd* control, const std::function<void(Worker&)>& run, observe::Metrics& metrics, unsigned block,
               const observe::Log& log) {
    // SIGCHLD is not among them: a worker's own children are waited for by whoever starts them.
    sys::block_only(steering_signals);
    auto descriptor = sys::open_signal_descriptor(steering_signals);
    if (!descriptor) return give_up(log, descriptor.error());
    const auto loop = io::Loop::create();
    if (!loop) return give_up(log, loop.error());

    io::Scope scope;
    Worker worker{.index = index, .loop = **loop, .scope = scope, .metrics = metrics.worker(block), .all_metrics = metrics, .log = log};
    Channel channel;
    SignalWatcher signals{std::move(*descriptor), worker, control == nullptr};
    if (const auto started = signals.start(); !started) return give_up(log, started.error());
    std::optional<MasterWatcher> master;
    if (control != nullptr) {
        channel = Channel{std::move(*control)};
        worker.to_master = &channel;
        master.emplace(channel, worker);
        if (const auto started = master->start(); !started) return give_up(log, started.error());
        channel.send(MessageKind::began, 0);
    }
    run(worker);
    return 0;
}

}  // namespace webserv::process
