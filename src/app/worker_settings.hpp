// app/worker_settings.hpp: from what the configuration says about workers to what they make of themselves.
// The one place that knows both sides: server/ reads directives, process/ knows no HTTP.
#pragma once

#include "process/worker_settings.hpp"
#include "server/core_settings.hpp"

namespace webserv::app {

[[nodiscard]] process::WorkerSettings worker_settings(const server::MainSettings& settings);

}  // namespace webserv::app
