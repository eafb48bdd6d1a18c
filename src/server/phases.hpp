// server/phases.hpp: an exchange from its request to its log line: server, location, handlers, filters, sending.
// Called by server/connection with a request that was read or refused.
#pragma once

#include "base/task.hpp"
#include "server/exchange.hpp"

namespace webserv::server {

/// Chooses the server by the request's authority and decodes the path.
/// @return declined, or the status of a request that no location may see (400, 405, 500)
[[nodiscard]] Outcome begin(Exchange& exchange);

/// Answers the exchange: phases until there is a response, filters, the response on the wire, the log phase.
/// `outcome` is what begin() said, or the status of a request that was refused while it was read.
Task<> answer(Exchange& exchange, Outcome outcome);

/// The log phase alone, for an exchange that was never answered.
void log_exchange(Exchange& exchange);

}  // namespace webserv::server
