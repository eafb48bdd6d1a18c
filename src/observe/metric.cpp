// observe/metric.cpp: the counters' names, their memory, their sums.
// Nothing here needs a lock: a block has one writer, or is added to atomically.
#include "observe/metric.hpp"

#include <cassert>
#include <memory>
#include <type_traits>
#include <utility>

namespace webserv::observe {

// Counters work across processes only if no lock hides behind them, and are never destroyed: the mapping just ends.
static_assert(std::atomic<std::int64_t>::is_always_lock_free);
static_assert(std::is_trivially_destructible_v<WorkerMetrics>);

std::string_view counter_name(Counter counter) noexcept {
    constexpr std::array<std::string_view, static_cast<std::size_t>(Counter::count_)> names = {
        "accepted", "handled",     "requests", "active",    "reading",           "writing",
        "waiting",  "generations", "refused",  "malformed", "log_lines_dropped", "longest_turn"};
    return names[static_cast<std::size_t>(counter)];
}

namespace {

constexpr std::array gauges = {Counter::active, Counter::reading, Counter::writing, Counter::waiting, Counter::generations};

}  // namespace

void WorkerMetrics::reset_gauges() noexcept {
    whole_ = nullptr;
    values_[static_cast<std::size_t>(Counter::longest_turn)].store(0, std::memory_order_relaxed);
    for (const Counter gauge : gauges) values_[static_cast<std::size_t>(gauge)].store(0, std::memory_order_relaxed);
}

void WorkerMetrics::add_shared(Counter counter, std::int64_t amount) noexcept {
    const auto index = static_cast<std::size_t>(counter);
    if (whole_ != this) values_[index].store(values_[index].load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
    whole_->values_[index].fetch_add(amount, std::memory_order_relaxed);
}

void WorkerMetrics::begin_part_of(WorkerMetrics& whole) noexcept {
    assert(whole.whole_ == &whole);
    for (auto& value : values_) value.store(0, std::memory_order_relaxed);
    whole_ = &whole;
}

void WorkerMetrics::end_part() noexcept {
    if (whole_ == nullptr) return;
    for (const Counter gauge : gauges) whole_->add(gauge, -get(gauge));
    whole_ = nullptr;
}

Result<Metrics> Metrics::create(unsigned workers) {
    assert(workers > 0);
    auto memory = sys::SharedMemory::create(workers * sizeof(WorkerMetrics));
    if (!memory) return std::unexpected{memory.error()};
    auto* const first = reinterpret_cast<WorkerMetrics*>(memory->bytes().data());
    std::uninitialized_value_construct_n(first, workers);
    return Metrics{std::move(*memory), std::span{first, workers}};
}

WorkerMetrics& Metrics::worker(unsigned index) noexcept {
    assert(index < blocks_.size());
    return blocks_[index];
}

std::int64_t Metrics::total(Counter counter) const noexcept {
    std::int64_t sum = 0;
    for (const WorkerMetrics& block : blocks_) sum += block.get(counter);
    return sum;
}

}  // namespace webserv::observe
