// server/request_content.hpp: reads a request's content before it is answered, for values that need it.
// Up to client_body_buffer_size stays in memory; more goes to a file in client_body_temp_path.
#pragma once

#include "base/task.hpp"
#include "server/exchange.hpp"

namespace webserv::server {

/// What the exchange's location says about the content: its bounds, for whoever will read it.
/// @return declined, or 413 if more is announced, or was read already, than the location takes
[[nodiscard]] Outcome limit_request_content(Exchange& exchange);

/// @return declined once all of it is in exchange.request_content; else the status to answer (400, 408, 413, 500).
/// Reads nothing the second time.
Task<Outcome> read_request_content(Exchange& exchange);

/// The same, but all of it ends up in a file, also if there is none or if it was read into memory before.
Task<Outcome> read_request_content_into_file(Exchange& exchange);

}  // namespace webserv::server
