// server/worker.cpp: accepting, the list of idle connections, graceful and fast ends.
// Listener, the accepting coroutine of each listening socket, lives here too.
#include "server/worker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "io/acceptor.hpp"

namespace webserv::server {

using observe::Counter;
using observe::Level;

/// Accepts on one listening socket and starts a task for each connection.
class Listener {
public:
    Listener(Worker& worker, std::shared_ptr<const sys::Fd> socket, std::size_t index)
        : worker_{worker}, socket_{std::move(socket)}, acceptor_{worker.loop, &worker.scope, *socket_}, index_{index} {}

    Task<> accept_connections();
    /// Takes what has connected already, then accepts no more.
    void finish();

private:
    void start(sys::Accepted peer);

    Worker& worker_;
    std::shared_ptr<const sys::Fd> socket_;
    io::Acceptor acceptor_;
    std::size_t index_;
};

void Listener::start(sys::Accepted peer) {
    worker_.metrics.add(Counter::accepted);
    worker_.scope.spawn(serve(worker_, std::move(peer.socket), peer.peer, index_));
}

void Listener::finish() {
    acceptor_.stop();
    for (;;) {
        auto peer = acceptor_.try_accept();
        if (!peer) break;
        start(std::move(*peer));
    }
    socket_.reset();  // the acceptor has stopped and does not look at it again
}

Task<> Listener::accept_connections() {
    for (;;) {
        while (worker_.is_overfull()) {
            worker_.end_longest_idle();
            co_await worker_.room();
        }
        if (worker_.draining()) co_return;
        auto peer = co_await acceptor_.accept();
        if (!peer) {
            const Error error = peer.error();
            if (worker_.draining() || worker_.scope.cancelled()) co_return;
            worker_.metrics.add(Counter::refused);
            worker_.current_site()->log->write(Level::crit,
                                               fmt::format("accept4() failed {}", describe_errno(static_cast<int>(error.code))));
            const bool again = co_await acceptor_.recover(error);
            if (!again) co_return;
            continue;
        }
        start(std::move(*peer));
    }
}

Worker::Worker(io::Loop& loop_of_worker, io::Scope& scope_of_worker, observe::WorkerMetrics& metrics_of_worker,
               std::shared_ptr<const Site> first_site, std::span<const std::shared_ptr<observe::LogSink>> access_log_sinks)
    : loop{loop_of_worker}, scope{scope_of_worker}, metrics{metrics_of_worker}, site_{std::move(first_site)} {
    access_logs_.reserve(access_log_sinks.size());
    for (const auto& sink : access_log_sinks) access_logs_.emplace_back(sink, metrics);
    loop.at_end_of_turn([this] { flush_logs(false); });
}

Worker::~Worker() {
    flush_logs(true);
    loop.timers().disarm(flush_due_);
}

void Worker::start(std::span<const OpenListener> listeners) {
    for (const OpenListener& listener : listeners) {
        listeners_.push_back(std::make_unique<Listener>(*this, listener.socket, listener.point));
        scope.spawn(listeners_.back()->accept_connections());
    }
}

void Worker::drain() {
    if (std::exchange(draining_, true)) return;
    for (const auto& listener : listeners_) listener->finish();
    wake_room_waiters();
    for (Connection* connection = first_idle_; connection != nullptr;) {
        Connection* const next = connection->next_idle;
        if (connection->requests > 0) connection->stream.cancel();  // one that has not asked yet may be about to
        connection = next;
    }
}

void Worker::stop() {
    draining_ = true;
    wake_room_waiters();
    scope.cancel();
}

void Worker::opened(Connection&) noexcept {
    ++open_;
    metrics.add(Counter::active);
    metrics.add(Counter::handled);
}

void Worker::closed(Connection& connection) {
    if (connection.idle) ends_waiting(connection);
    --open_;
    metrics.add(Counter::active, -1);
    wake_room_waiters();
}

void Worker::begins_to_wait(Connection& connection) {
    connection.idle = true;
    connection.previous_idle = last_idle_;
    connection.next_idle = nullptr;
    (last_idle_ != nullptr ? last_idle_->next_idle : first_idle_) = &connection;
    last_idle_ = &connection;
    metrics.add(Counter::waiting);
    wake_room_waiters();  // it may be the one to give way
}

void Worker::ends_waiting(Connection& connection) noexcept {
    connection.idle = false;
    (connection.previous_idle != nullptr ? connection.previous_idle->next_idle : first_idle_) = connection.next_idle;
    (connection.next_idle != nullptr ? connection.next_idle->previous_idle : last_idle_) = connection.previous_idle;
    metrics.add(Counter::waiting, -1);
}

bool Worker::is_overfull() {
    const std::uint64_t limit = site_->process().worker_connections;
    const bool overfull = !draining_ && open_ > 1 && open_ + listeners_.size() > limit;  // listening sockets count too, as in nginx
    if (overfull && !std::exchange(warned_of_limit_, true)) {
        site_->log->write(Level::alert, fmt::format("{} worker_connections are not enough", limit));
    }
    return overfull;
}

void Worker::end_longest_idle() {
    Connection* longest = first_idle_;
    while (longest != nullptr && longest->requests == 0) longest = longest->next_idle;  // rather one that has been served
    if (longest == nullptr) longest = first_idle_;
    if (longest != nullptr) longest->stream.cancel();  // it closes in this turn, and its end makes room
}

void Worker::wake_room_waiters() {
    if (room_waiters_.empty()) return;
    for (const std::coroutine_handle<> waiter : std::exchange(room_waiters_, {})) loop.post(waiter);
}

void Worker::flush_logs(bool everything) {
    io::Deadline next = io::never;
    for (AccessLog& log : access_logs_) {
        if (log.empty()) continue;
        log.flush(loop.now(), everything);
        next = std::min(next, log.due());
    }
    const bool later_than_armed = flush_due_.armed() && flush_due_.time() <= next;
    if (next != io::never && !later_than_armed) loop.timers().arm(flush_due_, next);
}

}  // namespace webserv::server
