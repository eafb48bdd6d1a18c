// tls/credential.hpp: a certificate with the chain behind it and its key: parsed once, then given to a context or to single connections.
// Takes octets; files are somebody else's.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tls/handle.hpp"

namespace webserv::tls {

/// Nothing, or what OpenSSL says is wrong, in nginx's words.
using Outcome = std::expected<void, std::string>;

class Credential {
public:
    /// PEM, both. One of each kind (RSA, ECDSA ...) may be given to the same place; a second of a kind replaces the first.
    struct Pair {
        std::string_view chain, chain_name;  ///< names: for the complaint
        std::string_view key, key_name;
        std::span<const std::string> passwords{};  ///< tried in turn if the key is encrypted
    };
    [[nodiscard]] static std::expected<Credential, std::string> parse(const Pair& pair);
    [[nodiscard]] Outcome give(ssl_ctx_st* context) const;
    [[nodiscard]] Outcome give(ssl_st* session) const;

private:
    template <class Target>
    [[nodiscard]] Outcome give_to(Target* target) const;

    CertificateHandle certificate_;
    std::vector<CertificateHandle> chain_;
    KeyHandle key_;
    std::string chain_name_, key_name_;
};

}  // namespace webserv::tls
