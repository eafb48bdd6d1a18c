// tls/facts.hpp: what a handshake has agreed on, and who the peer says that it is: for logs, variables and answers.
// Asked for when somebody wants to know; nothing is kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tls/stream.hpp"

namespace webserv::tls {

[[nodiscard]] std::string_view protocol_of(const Stream& stream);              ///< "TLSv1.3"
[[nodiscard]] std::string_view cipher_of(const Stream& stream);                ///< "TLS_AES_256_GCM_SHA384"
[[nodiscard]] std::string offered_ciphers_of(const Stream& stream);            ///< by the client: names, or numbers
[[nodiscard]] std::string curve_of(const Stream& stream);                      ///< "X25519"; empty: none
[[nodiscard]] std::string offered_curves_of(const Stream& stream);             ///< by the client
[[nodiscard]] std::string_view server_name_of(const Stream& stream);           ///< SNI
[[nodiscard]] std::string_view application_protocol_of(const Stream& stream);  ///< ALPN: "http/1.1"; empty: none
[[nodiscard]] std::string session_id_of(const Stream& stream);                 ///< in hex
[[nodiscard]] bool is_resumed(const Stream& stream);
// Signatures, by RFC 8446's names: "ecdsa_secp256r1_sha256"; of a handshake, not of a resumed session.
[[nodiscard]] std::string_view signature_of_peer(const Stream& stream);
[[nodiscard]] std::string_view signature_of(const Stream& stream);      ///< ours
[[nodiscard]] std::string offered_signatures_of(const Stream& stream);  ///< by the client: names, or numbers

/// What became of the peer's certificate.
struct Verdict {
    bool has_certificate = false;
    bool is_good = false;
    bool is_about_authority = false;  ///< nobody we trust has signed it: optional_no_ca does not mind
    long code = 0;                    ///< OpenSSL's X509_V_ERR_
    std::string_view reason = {};     ///< OpenSSL's words
};
[[nodiscard]] Verdict verdict_of(const Stream& stream);
/// The session will not be resumed: what was wrong with it must not be forgotten.
void forget_session(const Stream& stream);

/// Of the peer's certificate; nothing if it has none.
[[nodiscard]] std::optional<std::string> peer_certificate(const Stream& stream);  ///< PEM
[[nodiscard]] std::optional<std::string> peer_subject(const Stream& stream);      ///< RFC 2253
[[nodiscard]] std::optional<std::string> peer_issuer(const Stream& stream);
[[nodiscard]] std::optional<std::string> peer_subject_legacy(const Stream& stream);  ///< "/C=../CN=.."
[[nodiscard]] std::optional<std::string> peer_issuer_legacy(const Stream& stream);
[[nodiscard]] std::optional<std::string> peer_serial(const Stream& stream);
[[nodiscard]] std::optional<std::string> peer_fingerprint(const Stream& stream);  ///< SHA-1, in hex
[[nodiscard]] std::optional<std::string> peer_valid_from(const Stream& stream);   ///< "Jan  1 00:00:00 2026 GMT"
[[nodiscard]] std::optional<std::string> peer_valid_until(const Stream& stream);
[[nodiscard]] std::optional<std::string> peer_days_left(const Stream& stream);

}  // namespace webserv::tls
