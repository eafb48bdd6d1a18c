// tls/context.hpp: what one server, or one client, wants of TLS: keys, protocols, ciphers, whom it trusts. Set up once, then shared
// by all its connections. Takes octets and texts; files are somebody else's.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tls/certificate_status.hpp"
#include "tls/credential.hpp"
#include "tls/handle.hpp"
#include "tls/session_cache.hpp"
#include "tls/ticket_keys.hpp"

namespace webserv::tls {

enum class Protocol : unsigned char { tls1_0 = 1, tls1_1 = 2, tls1_2 = 4, tls1_3 = 8 };
inline constexpr unsigned protocols_default = static_cast<unsigned>(Protocol::tls1_2) | static_cast<unsigned>(Protocol::tls1_3);
/// Forward secret and authenticated (AEAD) for TLS 1.2; what TLS 1.3 has is so anyway.
inline constexpr const char* ciphers_default = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:!aNULL";

/// Whether the client is asked for a certificate, and what becomes of it.
enum class Verify : unsigned char {
    off,
    on,
    optional,
    optional_any  ///< optional_no_ca: whoever has signed it
};

/// Of early data in one connection: nginx's. What is not read yet is not kept either: it stays in the kernel.
inline constexpr std::uint32_t early_bytes_max = 16'384;

class Context {
public:
    enum class Role : unsigned char { server, client };
    /// Protocols, ciphers and all else as the constants above say; no certificate.
    [[nodiscard]] static std::expected<Context, std::string> create(Role role);

    [[nodiscard]] Outcome use_certificate(const Credential::Pair& pair);
    [[nodiscard]] Outcome set_protocols(unsigned protocols);  ///< of Protocol's bits
    [[nodiscard]] Outcome set_ciphers(const std::string& list);
    void prefer_own_ciphers(bool on);
    [[nodiscard]] Outcome set_curves(const std::string& list);
    [[nodiscard]] Outcome set_dh_parameters(std::string_view pem, std::string_view name);
    /// OpenSSL's own commands (SSL_CONF_cmd(3)), those for files excepted.
    [[nodiscard]] Outcome command(const std::string& name, const std::string& value);
    /// The protocols offered or chosen from by ALPN, best first: "http/1.1".
    void set_application_protocols(std::span<const std::string_view> names);

    /// Requests may come before the handshake is over (0-RTT). They may be somebody else's who has recorded them: nothing is remembered
    /// that would tell.
    void accept_early_data(bool on);
    void set_session_timeout(std::chrono::seconds timeout);
    enum class Caching : unsigned char { off, none, builtin };
    void set_session_cache(Caching caching, std::uint64_t sessions_max = 0);
    void share_sessions(SessionCache& cache);  ///< in addition to the above
    void allow_tickets(bool on);
    void add_ticket_key(const TicketKey& key);  ///< the first one seals; all of them open; none: the shared ones, which rotate
    /// Sessions are resumed only where the same words hold: servers that ask for other clients must not share them.
    void set_session_identity(std::string_view words);

    /// @param sent  the authorities' names are told to the client (ssl_client_certificate), or not (ssl_trusted_certificate)
    [[nodiscard]] Outcome trust(std::string_view pem, std::string_view name, bool sent);
    [[nodiscard]] Outcome trust_system();  ///< whom this machine trusts: SSL_CERT_FILE, SSL_CERT_DIR, /etc/ssl/certs
    [[nodiscard]] Outcome add_revocations(std::string_view pem, std::string_view name);
    void set_verify(Verify verify, int depth);
    [[nodiscard]] Outcome set_stapled(std::string_view response, std::string_view name);  ///< an OCSP response, DER
    /// For each certificate: whom to ask about it, or why nobody can be asked, in nginx's words. Once all is trusted that will be.
    /// @param asking  an empty responder: the one in the certificate
    [[nodiscard]] std::vector<std::expected<std::shared_ptr<CertificateStatus>, std::string>> askable(
        CertificateStatus::Asking asking) const;
    void staple_for(std::shared_ptr<CertificateStatus> status);  ///< one of these: what it has is stapled
    [[nodiscard]] std::span<const std::shared_ptr<CertificateStatus>> statuses() const noexcept;

    [[nodiscard]] ssl_ctx_st* handle() const noexcept { return handle_.get(); }

private:
    explicit Context(ContextHandle handle) noexcept : handle_{std::move(handle)} {}
    ContextHandle handle_;
};

}  // namespace webserv::tls
