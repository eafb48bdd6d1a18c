// server/forking.cpp: the parent's side: fork, close, reap; and the answer for those who come when there are children enough.
// SIGCHLD is read, never handled: the loop wakes up, and buries whoever has ended.
#include "server/forking.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "h1/connection.hpp"
#include "io/source.hpp"
#include "server/connection.hpp"
#include "server/forked_child.hpp"
#include "server/worker.hpp"

namespace webserv::server {
namespace {

using observe::Counter;
using observe::Level;
using observe::WorkerMetrics;

constexpr std::size_t counters_at_once = 256;  // blocks of one mapping
constexpr milliseconds stop_patience{500};     // a child has nothing to do but to close its connection

// Those who are refused are held for a moment, so that they can read why, whatever they still send; not more than these at once.
constexpr std::size_t refusing_max = 64;
constexpr milliseconds refusing_time{2'000};

constexpr std::string_view busy_page =
    "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n"
    "<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n<hr><center>webserv</center>\r\n</body>\r\n</html>\r\n";

}  // namespace

Forking::Forking(Worker& worker) : worker_{worker} {
    worker_.metrics.share();
    sys::block_also({SIGCHLD});
    auto signals = sys::open_signal_descriptor({SIGCHLD});
    if (signals) signals_ = std::move(*signals);
    const auto added = signals ? worker_.loop.add(signals_, *this, EPOLLIN | EPOLLET) : Result<>{std::unexpected{signals.error()}};
    const auto opened = handover_.open();
    // Then children are buried when there are too many of them, and end after a rotation of logs.
    for (const auto& outcome : {added, opened}) {
        if (outcome) continue;
        const Error& error = outcome.error();
        worker_.current_site()->log->write(Level::alert,
                                           fmt::format("{}() failed {}", error.doing, describe_errno(static_cast<int>(error.code))));
    }
}

Forking::~Forking() {
    worker_.loop.timers().disarm(*this);
    worker_.loop.remove(signals_, *this);
}

void Forking::begin(sys::Accepted peer, const std::shared_ptr<const Entrance>& entrance) {
    const observe::Log& log = *worker_.current_site()->log;
    const std::uint64_t limit = worker_.current_site()->process().worker_connections;
    if (children_.size() >= limit) reap();
    if (children_.size() >= limit) {
        if (!std::exchange(full_, true))
            log.write(Level::alert, fmt::format("{} worker_connections are not enough: answered with 503", limit));
        return refuse(std::move(peer));
    }
    full_ = false;
    const auto child = fork_for(peer, entrance);
    if (child) return;  // the copy of the socket is closed here: the connection is the child's
    log.write(Level::alert,
              fmt::format("{}() failed {}: answered with 503", child.error().doing, describe_errno(static_cast<int>(child.error().code))));
    refuse(std::move(peer));
}

Result<pid_t> Forking::fork_for(sys::Accepted& peer, const std::shared_ptr<const Entrance>& entrance) {
    auto counters = take_counters();
    if (!counters) return std::unexpected{counters.error()};
    (*counters)->begin_part_of(worker_.metrics);
    const std::uint64_t number = worker_.next_connection_number();
    // Asked for before the fork: a helper thread may hold the lock of the logs at this moment.
    const auto logs = worker_.open_logs ? worker_.open_logs() : std::vector<LogHandover::Sink>{};
    const pid_t parent = ::getpid();
    const auto child = sys::fork_process();
    if (child && *child == 0) {
        live_for_one_connection({.parent = worker_, .process = parent, .logs = logs, .handover = handover_}, **counters, std::move(peer),
                                entrance);
    }
    if (child) {
        children_.emplace(*child, Child{.connection = number, .counters = *counters, .entrance = entrance});
        return child;
    }
    (*counters)->end_part();
    free_counters_.push_back(*counters);
    return child;
}

Result<WorkerMetrics*> Forking::take_counters() {
    if (free_counters_.empty()) {
        auto memory = sys::SharedMemory::create(counters_at_once * sizeof(WorkerMetrics));
        if (!memory) return std::unexpected{memory.error()};
        auto* const first = reinterpret_cast<WorkerMetrics*>(memory->bytes().data());
        std::uninitialized_value_construct_n(first, counters_at_once);
        for (std::size_t index = 0; index < counters_at_once; ++index) free_counters_.push_back(first + index);
        memory_.push_back(std::move(*memory));
    }
    WorkerMetrics* const counters = free_counters_.back();
    free_counters_.pop_back();
    return counters;
}

void Forking::on_events(std::uint32_t) {
    while (sys::read_signal(signals_)) continue;  // one signal may stand for many children
    reap();
}

void Forking::reap() {
    while (const auto ended = sys::reap_child()) {
        const auto found = children_.find(ended->process);
        if (found == children_.end()) continue;
        found->second.counters->end_part();
        free_counters_.push_back(found->second.counters);
        report_end(*ended, found->second);
        children_.erase(found);
    }
    if (children_.empty() && waiter_) worker_.loop.post(std::exchange(waiter_, {}));
}

void Forking::report_end(const sys::EndedChild& ended, const Child& child) const {
    const observe::Log& log = *worker_.current_site()->log;
    if (ended.signal != 0) {
        log.write(
            Level::alert,
            fmt::format("child process {} exited on signal {}{}", ended.process, ended.signal, ended.core_dumped ? " (core dumped)" : ""),
            child.connection);
    } else if (ended.exit_status != 0) {
        log.write(Level::alert, fmt::format("child process {} exited with code {}", ended.process, ended.exit_status), child.connection);
    }
}

void Forking::site_has_changed() {
    for (const auto& [process, child] : children_) (void)sys::send_signal(process, child.entrance->open ? SIGHUP : SIGQUIT);
}

void Forking::logs_were_reopened() {
    const auto logs = worker_.open_logs ? worker_.open_logs() : std::vector<LogHandover::Sink>{};
    const bool lies_there = handover_.put(logs).has_value();
    for (const auto& [process, child] : children_) (void)sys::send_signal(process, lies_there ? SIGUSR1 : SIGHUP);
}

void Forking::drain() {
    tell_all(SIGQUIT);
    if (!std::exchange(waits_, true)) worker_.scope.spawn(outlive_children());
}

void Forking::stop() {
    tell_all(SIGTERM);
    if (!std::exchange(waits_, true)) worker_.scope.spawn(outlive_children());
    if (!armed() && !children_.empty()) worker_.loop.timers().arm(*this, worker_.loop.now() + stop_patience);
}

void Forking::expired() { tell_all(SIGKILL); }

// None of them can be somebody else's process: their numbers are free only once they are buried.
void Forking::tell_all(int signal) {
    for (const auto& [process, child] : children_) (void)sys::send_signal(process, signal);
}

Task<> Forking::outlive_children() { co_await Childless{*this}; }

void Forking::refuse(sys::Accepted peer) {
    worker_.metrics.add(Counter::refused);
    worker_.scope.spawn(refuse_politely(*this, std::move(peer.socket)));
}

// Reads nothing of the request before it answers, but lets the client finish sending: a reset would destroy the answer.
Task<> refuse_politely(Forking& forking, sys::Fd socket) {
    const bool has_time = ++forking.refusing_ <= refusing_max;
    Worker& worker = forking.worker_;
    {
        io::SocketStream stream{worker.loop, &worker.scope, std::move(socket)};
        h1::Connection http{stream};
        Arena arena;
        http::Response response{arena};
        response.status = 503;
        response.server = "webserv";
        response.content_type = "text/html";
        response.content_length = busy_page.size();
        io::MemorySource page{busy_page};
        const h1::HeadOptions options{.date = worker.clock.http_date(worker.loop.wall_now()), .persistent = false};
        const io::Deadline deadline = worker.loop.now() + refusing_time;
        const auto sent = co_await http.write_response(response, options, &page, refusing_time, arena);
        if (sent.outcome) co_await http.close_gracefully(has_time ? deadline : worker.loop.now(), refusing_time);
    }
    --forking.refusing_;
}

}  // namespace webserv::server
