// server/tls_settings.hpp: what a server says about TLS, as written; and what becomes of it.
// Files are named here with their places: a certificate that does not fit is an error of the configuration, with line and column.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "config/settings.hpp"
#include "config/syntax.hpp"
#include "server/tls_certificates.hpp"
#include "tls/context.hpp"
#include "tls/stream.hpp"

namespace webserv::server {

class Exchange;
class SiteBuilder;
struct Outcome;

struct TlsSettings {
    config::ScopedList<config::Word> certificates;
    config::ScopedList<config::Word> certificate_keys;
    CertificateCaching certificate_caching;
    std::optional<config::Word> password_file;
    unsigned protocols = tls::protocols_default;
    std::optional<config::Word> ciphers;
    bool prefer_server_ciphers = true;
    std::optional<config::Word> curves;
    std::optional<config::Word> dh_parameters;
    config::ScopedList<std::pair<config::Word, config::Word>> commands;
    std::uint64_t record_bytes = tls::record_bytes_max;
    tls::Context::Caching session_cache = tls::Context::Caching::none;
    std::optional<config::Word> shared_session_cache;  ///< "shared:name:size"
    std::string session_cache_name;
    std::uint64_t session_cache_bytes = 0;
    std::uint64_t session_cache_max = 0;  ///< sessions; 0: OpenSSL's own bound
    std::chrono::seconds session_timeout{300};
    bool session_tickets = true;
    config::ScopedList<config::Word> session_ticket_keys;
    bool early_data = false;
    bool reject_handshake = false;
    std::optional<std::chrono::milliseconds> handshake_timeout;  ///< nothing: client_header_timeout

    tls::Verify verify = tls::Verify::off;
    int verify_depth = 1;
    std::optional<config::Word> client_certificate;
    std::optional<config::Word> trusted_certificate;
    std::optional<config::Word> revocations;
    bool stapling = false;
    std::optional<config::Word> stapling_file;
    std::optional<config::Word> stapling_responder;  ///< a URL, whatever the certificate says
    bool stapling_verify = false;
};

/// What these settings make of OpenSSL; null: they name no certificate.
struct MadeTls {
    std::shared_ptr<const tls::Context> context;
    std::shared_ptr<NamedCertificates> certificates;  ///< null: all are in the context
};
[[nodiscard]] config::Checked<MadeTls> make_tls_context(SiteBuilder& builder, const TlsSettings& settings);

/// For a request that came to an address where TLS is spoken: whether it may be answered (495, 496, 497, 421).
[[nodiscard]] Outcome check_tls(Exchange& exchange);

/// The server that the client meant in the handshake (SNI); empty if it did not say.
[[nodiscard]] std::string_view server_name_of_handshake(Exchange& exchange);

}  // namespace webserv::server
