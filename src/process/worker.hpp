// process/worker.hpp: one worker process: its loop, its scope, and the orders it gets.
#pragma once

#include <functional>
#include <memory>

#include "io/loop.hpp"
#include "io/scope.hpp"
#include "observe/log.hpp"
#include "observe/metric.hpp"

namespace webserv::process {

/// What a worker is told by signals or by its master's end: stop at once, or finish what is being answered first.
enum class Order : unsigned char { stop, quit };

class Worker {
public:
    unsigned index = 0;
    io::Loop& loop;
    io::Scope& scope;                       ///< of everything this worker runs
    observe::WorkerMetrics& metrics;
    const observe::Log& log;
    std::function<void(Order)> on_order;    ///< set by run(); called on the loop
};

}  // namespace webserv::process
