// observe/metric.hpp: counters a worker writes and everybody may read, in shared memory.
// One cache-line-aligned block a worker, so no two workers write the same line.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "sys/shared_memory.hpp"

namespace webserv::observe {

enum class Counter : unsigned char {
    accepted,           ///< connections accepted
    handled,            ///< connections served (not refused for lack of resources)
    requests,           ///< request heads read
    active,             ///< open client connections now
    reading,            ///< connections reading a head now
    writing,            ///< exchanges being answered now
    waiting,            ///< idle keep-alive connections now
    generations,        ///< sites that are in use: the newest, and older ones with unfinished exchanges
    refused,            ///< connections closed for lack of descriptors or of worker_connections
    malformed,          ///< requests refused by the parser
    log_lines_dropped,  ///< access log lines lost because a log could not take them
    longest_turn,       ///< of a worker's loop, in microseconds: how long somebody may have waited for somebody else
    count_
};
[[nodiscard]] std::string_view counter_name(Counter counter) noexcept;

/// The counters of one worker. add() is a relaxed atomic: one writer, many readers; unless share() was called.
class alignas(64) WorkerMetrics {
public:
    void add(Counter counter, std::int64_t amount = 1) noexcept {
        if (whole_ != nullptr) return add_shared(counter, amount);
        auto& value = values_[static_cast<std::size_t>(counter)];
        value.store(value.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
    }
    /// For what is a maximum and no sum.
    void raise(Counter counter, std::int64_t to) noexcept {
        auto& value = values_[static_cast<std::size_t>(counter)];
        if (value.load(std::memory_order_relaxed) < to) value.store(to, std::memory_order_relaxed);
    }
    [[nodiscard]] std::int64_t get(Counter counter) const noexcept {
        return values_[static_cast<std::size_t>(counter)].load(std::memory_order_relaxed);
    }
    /// A replaced worker's gauges (active, reading, writing, waiting, generations, longest_turn) start again from 0; its totals stay.
    void reset_gauges() noexcept;

    /// From now on several processes may add here.
    void share() noexcept { whole_ = this; }
    /// Begins at 0, for another process: what it adds here it adds to `whole` too, which is shared.
    void begin_part_of(WorkerMetrics& whole) noexcept;
    /// The process that had this part has ended, well or not: the whole no longer counts what this part's gauges still say.
    void end_part() noexcept;
    /// Adds only here from now on: the whole belongs to others meanwhile.
    void leave_whole() noexcept { whole_ = nullptr; }

private:
    void add_shared(Counter counter, std::int64_t amount) noexcept;

    std::array<std::atomic<std::int64_t>, static_cast<std::size_t>(Counter::count_)> values_{};
    WorkerMetrics* whole_ = nullptr;  // the same address in all processes: mapped before they were forked
};

/// The blocks of all workers, in anonymous shared memory that survives fork.
class Metrics {
public:
    [[nodiscard]] static Result<Metrics> create(unsigned workers);
    [[nodiscard]] WorkerMetrics& worker(unsigned index) noexcept;
    [[nodiscard]] unsigned worker_count() const noexcept { return static_cast<unsigned>(blocks_.size()); }
    [[nodiscard]] std::int64_t total(Counter counter) const noexcept;

private:
    Metrics(sys::SharedMemory memory, std::span<WorkerMetrics> blocks) noexcept : memory_{std::move(memory)}, blocks_{blocks} {}
    sys::SharedMemory memory_;
    std::span<WorkerMetrics> blocks_;  ///< within memory_
};

}  // namespace webserv::observe
