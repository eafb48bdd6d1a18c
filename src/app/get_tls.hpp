// app/get_tls.hpp: `webserv get https://...`: whom it believes, and the handshake.
// A server is believed whose certificate is for its name and signed by somebody whom this machine trusts, or whom --cacert names.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "app/get_failure.hpp"
#include "app/get_options.hpp"
#include "app/get_trace.hpp"
#include "base/task.hpp"
#include "io/stream.hpp"
#include "tls/stream.hpp"

namespace webserv::app {

[[nodiscard]] Got<tls::Context> tls_context(const GetOptions& options);

/// TLS over `socket`, once hands are shaken.
/// @param host   of the URL: a name or an address
/// @param trace  told of each message; may be null
Task<Got<std::unique_ptr<tls::Stream>>> secure(io::Stream& socket, const tls::Context& context, const GetOptions& options, std::string host,
                                               io::Deadline deadline, GetTrace* trace);

/// "TLSv1.3, TLS_AES_256_GCM_SHA384, X25519; CN=example.org, issued by CN=R3": for -v and --trace.
[[nodiscard]] std::string describe(const tls::Stream& stream);

}  // namespace webserv::app
