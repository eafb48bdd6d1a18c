// server/log_place.hpp: a log as a configuration names it: a file, or `syslog:server=...` with its parameters.
// Shared by access_log and error_log.
#pragma once

#include "config/syntax.hpp"
#include "observe/log.hpp"

namespace webserv::server {

class SiteBuilder;

/// A path relative to the prefix, or a syslog server, whose name is resolved now.
/// Errors: nginx's, such as `unknown syslog parameter "x"` and `no syslog server specified`.
[[nodiscard]] config::Checked<observe::LogPlace> parse_log_place(SiteBuilder& builder, const config::Word& word);

}  // namespace webserv::server
