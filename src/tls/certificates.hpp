// tls/certificates.hpp: certificates that we make ourselves: an authority for one machine, and what it vouches for.
// ECDSA with P-256, as everybody understands; PEM throughout.
#pragma once

#include <chrono>
#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace webserv::tls {

struct KeyPair {
    std::string certificate;  ///< PEM; with the issuer's behind it, if there is one
    std::string key;          ///< PEM
};

/// An authority that may sign servers' certificates, and no other authorities.
/// @param name  how it is called in the list of a browser
[[nodiscard]] std::expected<KeyPair, std::string> make_authority(const std::string& name, std::chrono::days lifetime);

/// A server's certificate, signed by `authority`.
/// @param names  host names and addresses; the first is the subject's
[[nodiscard]] std::expected<KeyPair, std::string> issue_certificate(const KeyPair& authority, std::span<const std::string> names,
                                                                    std::chrono::days lifetime);

/// What a certificate (the first of a PEM) says about itself.
struct CertificateFacts {
    bool valid_for(std::span<const std::string> wanted) const;
    std::chrono::seconds remaining{0};  ///< until it expires; negative: since
    std::string fingerprint;            ///< SHA-256, "AB:CD:..."
    std::string pem;                    ///< to ask it about names
};
[[nodiscard]] std::expected<CertificateFacts, std::string> read_certificate(std::string_view pem);

}  // namespace webserv::tls
