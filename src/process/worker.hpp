// process/worker.hpp: one worker process: its loop, its scope, and the orders it gets.
// Orders come from signals, and from the master's end: a worker does not outlive what could replace or stop it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "io/loop.hpp"
#include "io/scope.hpp"
#include "observe/log.hpp"
#include "observe/metric.hpp"
#include "process/parcel.hpp"
#include "sys/fd.hpp"

namespace webserv::process {

/// What a worker is told by signals or by its master's end: stop at once, or finish what is being answered first.
enum class Order : unsigned char { stop, quit };

class Channel;
struct Plan;

class Worker {
public:
    unsigned index = 0;
    io::Loop& loop;
    io::Scope& scope;  ///< of everything this worker runs
    observe::WorkerMetrics& metrics;
    const observe::Metrics& all_metrics;  ///< of all workers
    const observe::Log& log;
    Channel* to_master = nullptr;     ///< null: there is no master
    bool ends_with_terminal = false;  ///< set by run(): without a master, a hangup (SIGHUP) stops

    // Set by run(), called on the loop.
    /// Perhaps more than once: a stop may follow a quit. Unset: any order stops the loop.
    std::function<void(Order)> on_order{};
    /// Another configuration: get ready to go over to it, then answer(). Unset: it fails.
    std::function<void(Delivery)> on_delivery{};
    /// Go over to the generation that was answered as prepared.
    std::function<void(std::uint64_t generation)> on_commit{};
    /// Log files were opened anew. Without a master: do so yourself, there are no descriptors.
    std::function<void(Delivery)> on_reopen{};

    /// Without a master: load the configuration again and go over to it. @return its plan; null, with the reason logged: it stays as it was
    std::function<std::shared_ptr<const Plan>()> on_reload{};

    // Set by whoever stands in for a master.
    std::function<void()> on_hangup{};  ///< SIGHUP
    std::function<void()> on_ending{};  ///< an order to end has come

    /// Tells the master that a delivery was unpacked, or why not.
    void answer(std::uint64_t generation, bool prepared, std::string_view why = {});
};

/// The exit status of a worker that could not even begin: a first start that ends so is not repeated (as in nginx).
inline constexpr int fatal_status = 2;

/// Builds a worker around `run` and listens to signals for it until run returns.
/// @param block  of the metrics: this worker's
/// @param control  the worker's end of its line to the master; null if there is no master
/// @return the exit status of the process: 0 or fatal_status
int run_worker(unsigned index, sys::Fd* control, const std::function<void(Worker&)>& run, observe::Metrics& metrics, unsigned block,
               const observe::Log& log);

}  // namespace webserv::process
