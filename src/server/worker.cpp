// server/worker.cpp: accepting, the list of idle connections, graceful and fast ends.
// Listener, the accepting coroutine of each listening socket, lives here too.
#include "server/worker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "io/acceptor.hpp"
#include "io/offload.hpp"
#include "server/http2.hpp"
#include "sys/socket.hpp"

namespace webserv::server {

using observe::Counter;
using observe::Level;

/// Accepts on one listening socket and starts a task for each connection.
class Listener {
public:
    Listener(Worker& worker, Concurrency& concurrency, const OpenListener& listener, std::shared_ptr<Entrance> way)
        : id{listener.id},
          entrance{std::move(way)},
          worker_{worker},
          concurrency_{concurrency},
          socket_{listener.socket},
          acceptor_{worker.loop, &worker.scope, *socket_} {}

    Task<> accept_connections();
    Task<> accept_one_by_one();
    /// Takes what has connected already, then accepts no more.
    void finish();

    const std::uint64_t id;
    const std::shared_ptr<Entrance> entrance;

private:
    void start(sys::Accepted peer);
    Task<bool> get_over(Error error);
    [[nodiscard]] bool ends() const { return finished_ || worker_.draining() || worker_.scope.cancelled() || !entrance->open; }

    Worker& worker_;
    Concurrency& concurrency_;
    std::shared_ptr<const sys::Fd> socket_;
    io::Acceptor acceptor_;
    bool finished_ = false;
};

void Listener::start(sys::Accepted peer) {
    worker_.metrics.add(Counter::accepted);
    concurrency_.begin(std::move(peer), entrance);
}

void Listener::finish() {
    finished_ = true;
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
        while (worker_.is_overfull() && !ends()) {
            worker_.end_longest_idle();
            co_await worker_.room();
        }
        if (ends()) co_return;
        auto peer = co_await acceptor_.accept();
        if (peer) {
            start(std::move(*peer));
            continue;
        }
        const Error error = peer.error();
        if (ends()) co_return;
        const bool again = co_await get_over(error);
        if (!again) co_return;
    }
}

// The next peer stays in the kernel's queue until the one before has gone.
Task<> Listener::accept_one_by_one() {
    for (;;) {
        const auto arrived = co_await acceptor_.arrival();
        while (worker_.has_connections() && !ends()) {
            worker_.end_idle();
            co_await worker_.room();
        }
        if (ends()) co_return;
        auto peer = arrived ? acceptor_.try_accept() : Result<sys::Accepted>{std::unexpected{arrived.error()}};
        if (peer) {
            start(std::move(*peer));
            continue;
        }
        const Error error = peer.error();
        if (io::Acceptor::passes(error)) continue;
        const bool again = co_await get_over(error);
        if (!again) co_return;
    }
}

Task<bool> Listener::get_over(Error error) {
    worker_.metrics.add(Counter::refused);
    worker_.current_site()->log->write(Level::crit, fmt::format("accept4() failed {}", describe_errno(static_cast<int>(error.code))));
    const bool again = co_await acceptor_.recover(error);
    co_return again;
}

namespace {

// The task keeps its listener, which the worker may have let go meanwhile.
Task<> accept_on(std::shared_ptr<Listener> listener, bool one_by_one) {
    if (one_by_one) {
        co_await listener->accept_one_by_one();
    } else {
        co_await listener->accept_connections();
    }
}

Task<> destroy_elsewhere(io::Loop& loop, std::shared_ptr<Site> site) {
    auto destroy = [&site] { site.reset(); };
    co_await io::offload(loop, destroy);
}

}  // namespace

Worker::Worker(io::Loop& loop_of_worker, io::Scope& scope_of_worker, observe::WorkerMetrics& metrics_of_worker)
    : loop{loop_of_worker}, scope{scope_of_worker}, metrics{metrics_of_worker}, older_due_{*this} {
    loop.at_end_of_turn([this] {
        flush_logs(false);
        files.turn_ended();
        const auto turn = std::chrono::floor<std::chrono::microseconds>(loop.take_longest_turn());  // of those before this one
        metrics.raise(Counter::longest_turn, turn.count());
        longest_turn_ = std::max(longest_turn_, turn);
    });
}

Worker::~Worker() {
    flush_logs(true);
    loop.timers().disarm(flush_due_);
    loop.timers().disarm(older_due_);
}

void Worker::install(std::shared_ptr<Site> site, std::span<const std::shared_ptr<observe::LogSink>> access_log_sinks,
                     std::span<const OpenListener> listeners) {
    use_access_logs(*site, access_log_sinks);
    if (site_ && site_->process().worker_shutdown_timeout.count() > 0) {
        older_.push_back({site_, io::deadline_after(loop.now(), site_->process().worker_shutdown_timeout)});
        if (!older_due_.armed()) loop.timers().arm(older_due_, older_.front().due);
    }
    metrics.add(Counter::generations);
    // A site dies with its last exchange, whoever that is; then it is counted out.
    Site* const present = site.get();
    site_ = {present, [this, site = std::move(site)](const Site*) mutable { retire(std::move(site)); }};
    warned_of_limit_ = false;
    const bool is_first = concurrency_ == nullptr;
    if (is_first) concurrency_ = Concurrency::of(site_->process().concurrency, *this);
    if (!draining_) use_listeners(listeners);
    if (!is_first) concurrency_->site_has_changed();
    if (!draining_) tell_companions();
}

void Worker::tell_companions() {
    for (const CompanionMaker maker : site_->companions) {
        auto known = std::find_if(companions_.begin(), companions_.end(), [&](const auto& companion) { return companion.first == maker; });
        if (known == companions_.end()) known = companions_.insert(known, {maker, maker(*this)});
        known->second->site_has_changed(*site_);
    }
}

// With thousands of servers it takes a while to take a site apart: nobody's request waits for that.
void Worker::retire(std::shared_ptr<Site> site) {
    metrics.add(Counter::generations, -1);
    if (!draining_) scope.spawn(destroy_elsewhere(loop, std::move(site)));
}

void Worker::end_older_exchanges() {
    while (!older_.empty() && older_.front().due <= loop.now()) {
        const auto site = older_.front().site.lock();
        older_.erase(older_.begin());
        for (Connection* connection = site ? busy_.first : nullptr; connection != nullptr;) {
            Connection* const next = connection->next;
            if (connection->http2 != nullptr) {
                connection->http2->cut_off(site.get());
            } else if (connection->answered_by == site.get()) {
                connection->socket.cancel();
            }
            connection = next;
        }
    }
    if (!older_.empty()) loop.timers().arm(older_due_, older_.front().due);
}

// A log that the site before wrote to keeps its writer, with the lines that wait in it.
void Worker::use_access_logs(Site& site, std::span<const std::shared_ptr<observe::LogSink>> sinks) {
    std::erase_if(access_logs_, [](const auto& log) { return log.use_count() == 1 && log->empty(); });
    for (std::size_t index = 0; index < sinks.size(); ++index) {
        std::shared_ptr<AccessLog> writer;
        if (const auto& sink = sinks[index]; sink != nullptr) {
            const auto known = std::find_if(access_logs_.begin(), access_logs_.end(), [&](const auto& log) { return log->sink() == sink; });
            writer = known != access_logs_.end() ? *known : access_logs_.emplace_back(std::make_shared<AccessLog>(sink, metrics));
            writer->configure(site.access_logs[index].options);
        }
        site.access_log_writers.push_back(std::move(writer));
    }
}

void Worker::use_listeners(std::span<const OpenListener> listeners) {
    std::vector<std::shared_ptr<Listener>> before = std::exchange(listeners_, {});
    for (const OpenListener& listener : listeners) {
        WayIn way_in{.site = site_, .point = site_->points[listener.point].get()};
        const auto is_same = [&](const auto& other) { return other->id == listener.id; };
        if (const auto same = std::find_if(before.begin(), before.end(), is_same); same != before.end()) {
            (*same)->entrance->current = std::move(way_in);
            listeners_.push_back(std::move(*same));
            before.erase(same);
            continue;
        }
        // Another socket at the same address (reuseport is no longer said, or more workers share it): its connections stay.
        const auto is_here = [&](const auto& other) { return other->entrance->current.point->address == way_in.point->address; };
        const auto here = std::find_if(before.begin(), before.end(), is_here);
        auto entrance = here != before.end() ? (*here)->entrance : std::make_shared<Entrance>();
        entrance->current = std::move(way_in);
        listeners_.push_back(std::make_shared<Listener>(*this, *concurrency_, listener, std::move(entrance)));
        scope.spawn(accept_on(listeners_.back(), concurrency_->takes_one_at_a_time()));
    }
    for (const auto& gone : before) close_entrance(*gone);
}

void Worker::close_entrance(Listener& listener) {
    const auto shares = [&](const auto& other) { return other->entrance == listener.entrance; };
    const bool goes_on = std::any_of(listeners_.begin(), listeners_.end(), shares);
    listener.entrance->open = goes_on;
    listener.finish();
    if (!goes_on) end_idle(listener.entrance.get());
    wake_room_waiters();
}

void Worker::end_idle(const Entrance* entrance) {
    for (Connection* connection = idle_.first; connection != nullptr;) {
        Connection* const next = connection->next;
        // One that has not asked yet may be about to; one whose next request has arrived gets its answer, and the end with it.
        const bool asks = connection->requests == 0 || sys::has_input(connection->socket.descriptor());
        if (!asks && (entrance == nullptr || connection->entrance.get() == entrance)) connection->end_gently();
        connection = next;
    }
    // Those that have several exchanges at once take no more of them.
    for (Connection* connection = busy_.first; connection != nullptr; connection = connection->next) {
        if (connection->http2 != nullptr && (entrance == nullptr || connection->entrance.get() == entrance)) connection->end_gently();
    }
}

void Worker::drain() {
    if (std::exchange(draining_, true)) return;
    for (const auto& listener : listeners_) listener->finish();
    wake_room_waiters();
    end_idle(nullptr);
    if (concurrency_) concurrency_->drain();
    for (const auto& [maker, companion] : companions_) companion->finish();
}

void Worker::stop() {
    draining_ = true;
    wake_room_waiters();
    scope.cancel();
    if (concurrency_) concurrency_->stop();
    for (const auto& [maker, companion] : companions_) companion->finish();
}

void Worker::branch_off(const Worker& parent) {
    site_ = parent.site_;
    all_metrics = parent.all_metrics;
    access_logs_ = parent.access_logs_;
    connections_ = parent.connections_ - 1;  // the connection has taken its number already, from the parent
    draining_ = parent.draining_;
    files.watch_nothing();
}

void Worker::List::append(Connection& connection) noexcept {
    connection.previous = last;
    connection.next = nullptr;
    (last != nullptr ? last->next : first) = &connection;
    last = &connection;
}

void Worker::List::remove(Connection& connection) noexcept {
    (connection.previous != nullptr ? connection.previous->next : first) = connection.next;
    (connection.next != nullptr ? connection.next->previous : last) = connection.previous;
}

void Worker::opened(Connection& connection) noexcept {
    busy_.append(connection);
    ++open_;
    metrics.add(Counter::active);
    metrics.add(Counter::handled);
}

void Worker::closed(Connection& connection) {
    if (connection.idle) ends_waiting(connection);
    busy_.remove(connection);
    --open_;
    metrics.add(Counter::active, -1);
    wake_room_waiters();
}

void Worker::begins_to_wait(Connection& connection) {
    connection.idle = true;
    busy_.remove(connection);
    idle_.append(connection);
    metrics.add(Counter::waiting);
    wake_room_waiters();  // it may be the one to give way
}

void Worker::ends_waiting(Connection& connection) noexcept {
    connection.idle = false;
    idle_.remove(connection);
    busy_.append(connection);
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
    Connection* longest = idle_.first;
    while (longest != nullptr && longest->requests == 0) longest = longest->next;  // rather one that has been served
    if (longest == nullptr) longest = idle_.first;
    if (longest != nullptr) longest->end_gently();  // its end makes room
}

void Worker::wake_room_waiters() {
    if (room_waiters_.empty()) return;
    for (const std::coroutine_handle<> waiter : std::exchange(room_waiters_, {})) loop.post(waiter);
}

io::HelperThreads* Worker::thread_pool(std::string_view name) {
    const auto& named = site_->process().thread_pools;
    const auto found = std::find_if(named.begin(), named.end(), [&](const auto& pool) { return pool.name == name; });
    ThreadPoolSettings wanted;
    if (found != named.end()) wanted = *found;
    if (wanted.name != name) return nullptr;
    // One with other bounds, of a site before, stays until its reads have ended; then it only sleeps.
    const auto known = std::find_if(thread_pools_.begin(), thread_pools_.end(), [&](const auto& pool) { return pool.settings == wanted; });
    if (known != thread_pools_.end()) return known->threads.get();
    auto threads = loop.make_helper_threads(wanted.threads, wanted.max_queue);
    return thread_pools_.emplace_back(std::move(wanted), std::move(threads)).threads.get();
}

void Worker::logs_were_reopened() {
    ++log_reopenings_;
    if (concurrency_) concurrency_->logs_were_reopened();
}

void Worker::flush_logs(bool everything) {
    io::Deadline next = io::never;
    for (const auto& log : access_logs_) {
        if (!log->empty()) {
            log->flush(loop.now(), everything);
            next = std::min(next, log->due());
        }
        if (const auto failure = log->take_failure(); failure && site_) {
            site_->log->write(Level::alert, fmt::format("{}() to \"{}\" failed {}", failure->doing, log->sink()->path,
                                                        describe_errno(static_cast<int>(failure->code))));
        }
    }
    const bool later_than_armed = flush_due_.armed() && flush_due_.time() <= next;
    if (next != io::never && !later_than_armed) loop.timers().arm(flush_due_, next);
}

}  // namespace webserv::server
