// modules/access_log_format.hpp: one line of an access log: log_format's expression and how its values are escaped.
// Part of access_log.
#pragma once

#include <memory>
#include <string_view>

#include "config/expression.hpp"
#include "server/exchange.hpp"
#include "server/site_builder.hpp"

namespace webserv::modules {

/// How values stand in a line, so that no request can forge one.
enum class LogEscape : unsigned char { standard, json, none };

struct LogFormat {
    config::Expression line;  ///< with its end
    LogEscape escape = LogEscape::standard;
};

inline constexpr std::string_view combined_format =
    "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" \"$http_user_agent\"";

[[nodiscard]] config::Checked<std::shared_ptr<const LogFormat>> make_log_format(config::Scope& scope, config::Word text, LogEscape escape);
/// `log_format name [escape=...] string ...`: what stands behind the name.
[[nodiscard]] config::Checked<std::shared_ptr<const LogFormat>> parse_log_format(config::Scope& scope, const config::Statement& statement);

/// The line that this exchange leaves; lives as long as the exchange.
[[nodiscard]] std::string_view render_log_line(server::Exchange& exchange, const LogFormat& format);

}  // namespace webserv::modules
