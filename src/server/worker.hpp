// server/worker.hpp: what one worker process has: its loop, the current site, open files, logs, its clients.
// One for each worker process, and everything in it is used by one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "io/loop.hpp"
#include "io/offload.hpp"
#include "io/scope.hpp"
#include "observe/metric.hpp"
#include "server/clock_text.hpp"
#include "server/concurrency.hpp"
#include "server/connection.hpp"
#include "server/logs.hpp"
#include "server/open_files.hpp"
#include "server/site.hpp"

namespace webserv::server {

class Listener;

/// A listening socket that is open, and the index of its point in the site.
struct OpenListener {
    std::uint64_t id = 0;                   ///< the socket's, as long as it is open
    std::shared_ptr<const sys::Fd> socket;  ///< shared by the workers, unless reuseport gives each its own
    std::size_t point = 0;
};

class Worker {
public:
    Worker(io::Loop& loop_of_worker, io::Scope& scope_of_worker, observe::WorkerMetrics& metrics_of_worker);
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker();

    io::Loop& loop;
    io::Scope& scope;
    observe::WorkerMetrics& metrics;
    const observe::Metrics* all_metrics = nullptr;  ///< of all workers; null: there is this one only
    OpenFiles files{&loop};
    ClockText clock;

    [[nodiscard]] std::shared_ptr<const Site> current_site() const noexcept { return site_; }

    /// The first site, or the next one: from now on new exchanges are answered by it. Listeners it shares with the one before
    /// go on; those that are new are accepted on; those that are gone accept what has connected and close, their connections
    /// end after what they are doing. @param access_log_sinks  by the site's index; null: not used
    void install(std::shared_ptr<Site> site, std::span<const std::shared_ptr<observe::LogSink>> access_log_sinks,
                 std::span<const OpenListener> listeners);
    /// Graceful: accepts no more, ends idle connections, lets the others finish their exchange.
    void drain();
    /// Cuts nobody off, but every connection ends after the next request that comes, and says so in the answer.
    void end_after_next_answer() noexcept { last_answers_ = true; }
    /// Fast: cancels every wait.
    void stop();
    /// In a child process that was forked for one connection: goes on where the worker of its parent stands. Listens to nobody.
    void branch_off(const Worker& parent);
    /// The logs that such a child writes to as well. Set by whoever opens them.
    std::function<std::vector<std::shared_ptr<observe::LogSink>>()> open_logs;
    /// The figure of all workers together.
    [[nodiscard]] std::int64_t total(observe::Counter counter) const noexcept {
        return all_metrics != nullptr ? all_metrics->total(counter) : metrics.get(counter);
    }
    [[nodiscard]] bool draining() const noexcept { return draining_; }
    [[nodiscard]] bool ends_connections() const noexcept { return draining_ || last_answers_; }

    // Connections report here.
    [[nodiscard]] std::uint64_t next_connection_number() noexcept { return ++connections_; }
    void opened(Connection& connection) noexcept;
    void closed(Connection& connection);
    void begins_to_wait(Connection& connection);  ///< idle: it may be ended at any time
    void ends_waiting(Connection& connection) noexcept;
    /// Whether there are more connections than worker_connections allows: then no more are accepted until one has ended.
    /// New peers wait in the kernel's queue: answered late, never refused.
    [[nodiscard]] bool is_overfull();
    [[nodiscard]] bool has_connections() const noexcept { return open_ > 0; }
    /// Ends the connections that have been answered and wait for a further request.
    void end_idle() { end_idle(nullptr); }
    /// Ends the connection that has waited longest for its next request, if there is one that waits.
    void end_longest_idle();
    /// Resumes when a connection has closed or has become idle, or the worker stops.
    struct RoomAwaiter {
        Worker& worker;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> waiter) { worker.room_waiters_.push_back(waiter); }
        void await_resume() const noexcept {}
    };
    [[nodiscard]] RoomAwaiter room() noexcept { return RoomAwaiter{*this}; }

    /// How long one turn of the loop has taken at most since this was asked last.
    [[nodiscard]] std::chrono::microseconds take_longest_turn() noexcept { return std::exchange(longest_turn_, {}); }

    /// The threads that read files, by the name of their pool; null: the site has none of this name.
    [[nodiscard]] io::HelperThreads* thread_pool(std::string_view name);

    /// Writes what the access logs have gathered.
    void flush_logs(bool everything);
    /// The log files have other names' files behind them: whoever opened one himself opens it anew.
    void logs_were_reopened();
    [[nodiscard]] unsigned log_reopenings() const noexcept { return log_reopenings_; }

private:
    void use_access_logs(Site& site, std::span<const std::shared_ptr<observe::LogSink>> sinks);
    void use_listeners(std::span<const OpenListener> listeners);
    void close_entrance(Listener& listener);
    /// Ends connections that wait for a further request, of one entrance or of all.
    void end_idle(const Entrance* entrance);
    /// Makes the loop turn when a log's `flush=` is due: its end of turn writes.
    class WakeUp final : public io::Timer {
        void expired() override {}
    };
    class OlderDue final : public io::Timer {
    public:
        explicit OlderDue(Worker& worker) : worker_{worker} {}

    private:
        void expired() override { worker_.end_older_exchanges(); }
        Worker& worker_;
    };
    struct Older {  ///< a site that was replaced: whoever is still answered by it is cut off then (worker_shutdown_timeout)
        std::weak_ptr<const Site> site;  ///< weak: another may live at its address by then
        io::Deadline due;
    };
    struct List {
        Connection* first = nullptr;
        Connection* last = nullptr;
        void append(Connection& connection) noexcept;
        void remove(Connection& connection) noexcept;
    };
    void tell_companions();
    void wake_room_waiters();
    void end_older_exchanges();
    void retire(std::shared_ptr<Site> site);

    WakeUp flush_due_;
    OlderDue older_due_;
    std::vector<Older> older_;

    std::shared_ptr<const Site> site_;
    std::vector<std::shared_ptr<AccessLog>> access_logs_;
    struct ThreadPool {
        ThreadPoolSettings settings;
        std::unique_ptr<io::HelperThreads> threads;
    };
    std::vector<std::pair<CompanionMaker, std::unique_ptr<Companion>>> companions_;
    std::vector<ThreadPool> thread_pools_;  // those that were asked for
    std::chrono::microseconds longest_turn_{};
    std::uint64_t connections_ = 0;
    std::uint64_t open_ = 0;
    unsigned log_reopenings_ = 0;
    bool draining_ = false;
    bool last_answers_ = false;
    bool warned_of_limit_ = false;
    List idle_;  // connections that wait for their next request, longest waiting first
    List busy_;  // the others
    std::vector<std::coroutine_handle<>> room_waiters_;
    std::vector<std::shared_ptr<Listener>> listeners_;
    std::unique_ptr<Concurrency> concurrency_;  // from the first site on
};

inline bool Connection::should_end() const noexcept { return worker.ends_connections() || !entrance->open; }

}  // namespace webserv::server
