// app/local_authority.hpp: the certificate authority of one user of one machine, for `webserv serve --tls`. Whoever trusts it once is
// not asked again. It is made at its first use and kept in the user's data folder; its key is readable by that user only.
#pragma once

#include <expected>
#include <span>
#include <string>

#include "tls/certificates.hpp"

namespace webserv::app {

struct LocalCertificate {
    tls::KeyPair pair;              ///< for the server; the authority's certificate stands behind its own
    std::string authority_path;     ///< the authority's certificate
    std::string authority_digest;   ///< SHA-256
    bool authority_is_new = false;  ///< nobody can trust it yet
};

/// $XDG_DATA_HOME/webserv, or ~/.local/share/webserv.
[[nodiscard]] std::expected<std::string, std::string> data_folder();

/// A certificate for these names and addresses: the one that is kept, unless it is for others or old; then a new one.
/// The error is a message.
[[nodiscard]] std::expected<LocalCertificate, std::string> local_certificate(const std::string& folder, std::span<const std::string> names);

}  // namespace webserv::app
