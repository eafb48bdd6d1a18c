// tls/context_state.hpp: what a context needs that OpenSSL does not keep for us. It lives as long as OpenSSL's object does:
// a connection may outlive the configuration that it was made by.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tls/certificate_status.hpp"
#include "tls/handle.hpp"
#include "tls/session_cache.hpp"
#include "tls/ticket_keys.hpp"

namespace webserv::tls {

struct ContextState {
    std::string application_protocols;                                      ///< as ALPN writes a list
    std::vector<TicketKey> ticket_keys;                                     ///< of files; none: the shared ones
    SessionCache* session_cache = nullptr;                                  ///< that all workers share
    std::string stapled;                                                    ///< an OCSP response, whatever the certificate
    std::vector<std::shared_ptr<CertificateStatus>> statuses;               ///< of the certificates that somebody is asked about
    std::vector<std::pair<const x509_st*, std::string>> certificate_names;  ///< their files, for messages
};

/// Never null for a context of ours.
[[nodiscard]] ContextState* state_of(const ssl_ctx_st* context) noexcept;
/// Gives a new context its state. @return false: no memory
[[nodiscard]] bool attach_state(ssl_ctx_st* context) noexcept;

/// Keeps sessions in the state's cache.
void use_session_cache(ssl_ctx_st* context) noexcept;

/// Seals and opens tickets with the state's keys, or the shared ones.
void use_ticket_keys(ssl_ctx_st* context) noexcept;

}  // namespace webserv::tls
