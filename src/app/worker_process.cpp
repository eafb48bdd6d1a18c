// app/worker_process.cpp: a worker's side of start, reload and end.
// A site is built on a helper thread, so that nobody's request waits for it.
#include "app/worker_process.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "io/offload.hpp"

namespace webserv::app {
namespace {

using observe::Level;
using std::chrono::milliseconds;

constexpr milliseconds report_after{100};

// Descriptors for worker_connections, open files and ourselves, as far as the hard limit lets us.
void raise_descriptor_limit(std::uint64_t connections) {
    constexpr rlim_t beside_connections = 1024;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
    const rlim_t wanted = std::min<rlim_t>(limit.rlim_max, connections + beside_connections);
    if (limit.rlim_cur >= wanted) return;
    limit.rlim_cur = wanted;
    (void)::setrlimit(RLIMIT_NOFILE, &limit);  // then the reserve descriptor keeps us alive
}

Task<> stop_when_finished(io::Scope& scope, io::Loop& loop) {
    co_await scope.finished();
    loop.stop();
}

}  // namespace

WorkerProcess::WorkerProcess(process::Worker& process, const Recipe& recipe, server::LogFiles& logs, std::function<void()> ending)
    : process_{process},
      recipe_{recipe},
      logs_{logs},
      ending_{std::move(ending)},
      worker_{process.loop, process.scope, process.metrics},
      patience_over_{worker_},
      report_due_{*this} {
    worker_.open_logs = [this] { return logs_.open_now(); };
    worker_.all_metrics = &process.all_metrics;
    process_.on_order = [this](process::Order order) { obey(order); };
    process_.on_delivery = [this](process::Delivery delivery) { process_.scope.spawn(prepare(std::move(delivery))); };
    process_.on_commit = [this](std::uint64_t number) { commit(number); };
    process_.on_reopen = [this](process::Delivery delivery) { reopen_logs(std::move(delivery)); };
}

WorkerProcess::~WorkerProcess() {
    process_.loop.timers().disarm(patience_over_);
    process_.loop.timers().disarm(report_due_);
}

void WorkerProcess::run(Generation first) {
    install(std::move(first));
    process_.loop.run();
}

// Nothing of a generation stays here: a socket or a log is closed when the worker has no more use for it.
void WorkerProcess::install(Generation generation) {
    raise_descriptor_limit(generation.site->process().worker_connections);
    worker_.install(generation.site, generation.access_logs, generation.listeners);
}

void WorkerProcess::go_over(Generation next) {
    install(std::move(next));
    worker_.logs_were_reopened();
}

void WorkerProcess::obey(process::Order order) {
    if (order == process::Order::stop) {
        worker_.stop();
    } else {
        worker_.drain();
        ending_();
        const milliseconds patience = worker_.current_site()->process().worker_shutdown_timeout;
        if (patience.count() > 0 && !patience_over_.armed()) {
            process_.loop.timers().arm(patience_over_, io::deadline_after(process_.loop.now(), patience));
        }
    }
    if (!std::exchange(is_ending_, true)) end_.spawn(stop_when_finished(process_.scope, process_.loop));
}

Task<> WorkerProcess::prepare(process::Delivery delivery) {
    const std::uint64_t number = delivery.generation;
    (void)worker_.take_longest_turn();  // what was before is not ours to answer for
    auto unpacked = unpack(std::move(delivery), logs_);
    if (!unpacked) {
        process_.answer(number, false, describe(unpacked.error()));
        co_return;
    }
    std::expected<Generation, std::string> built;
    auto work = [&] { built = rebuild(recipe_, *unpacked, logs_); };
    co_await io::offload(process_.loop, work);
    if (!built) {
        process_.answer(number, false, built.error());
        co_return;
    }
    // Deliveries may overtake each other on the helper threads; what is older than what we have is of no use, and would
    // keep sockets open that are closed everywhere else.
    if (newest_ < number) {
        newest_ = number;
        pending_.emplace(number, std::move(*built));
    }
    process_.answer(number, true);
}

void WorkerProcess::commit(std::uint64_t number) {
    if (!pending_ || pending_->number != number) return;
    install(std::move(std::exchange(pending_, std::nullopt)->generation));
    number_ = number;
    process_.loop.timers().arm(report_due_, process_.loop.now() + report_after);
}

void WorkerProcess::report() {
    worker_.current_site()->log->write(
        Level::info, fmt::format("generation {} serves; since it was handed out the longest turn of the loop took {} us", number_,
                                 worker_.take_longest_turn().count()));
}

void WorkerProcess::reopen_logs(process::Delivery delivery) {
    worker_.flush_logs(true);  // what happened before the rotation belongs into the old file
    if (delivery.descriptors.empty()) {
        for (const std::string& problem : logs_.reopen()) process_.log.write(Level::emerg, problem);
    } else if (const auto adopted = unpack(std::move(delivery), logs_); !adopted) {
        process_.log.write(Level::alert, fmt::format("logs can not be reopened: {}", describe(adopted.error())));
    }
    worker_.logs_were_reopened();
}

}  // namespace webserv::app
