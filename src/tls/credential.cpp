// tls/credential.cpp: PEM to a certificate, its chain and its key; and from there into OpenSSL's contexts and sessions.
// Those count who refers to them: nothing is copied.
#include "tls/credential.hpp"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "tls/failure.hpp"
#include "tls/pem.hpp"

namespace webserv::tls {
namespace {

constexpr std::string_view doing = "cannot load certificate", doing_key = "cannot load certificate key";

struct Password {
    const std::string* text;
    bool asked = false;
};

int give_password(char* into, int bytes_max, int /*is_writing*/, void* argument) {
    auto& password = *static_cast<Password*>(argument);
    password.asked = true;
    if (password.text == nullptr) return 0;  // nobody is asked at a terminal
    const int bytes = std::min(bytes_max, static_cast<int>(password.text->size()));
    std::memcpy(into, password.text->data(), static_cast<std::size_t>(bytes));
    return bytes;
}

KeyHandle read_key(std::string_view pem, std::span<const std::string> passwords) {
    for (std::size_t index = 0;; ++index) {
        const BioHandle bio = memory_of(pem);
        Password password{index < passwords.size() ? &passwords[index] : nullptr};
        KeyHandle key{bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, give_password, &password) : nullptr};
        if (key || !password.asked || index + 1 >= passwords.size()) return key;
        forget_failures();
    }
}

// OpenSSL has each of these twice.
int use_certificate(SSL_CTX* context, X509* certificate) { return SSL_CTX_use_certificate(context, certificate); }
int use_certificate(SSL* session, X509* certificate) { return SSL_use_certificate(session, certificate); }
bool use_chain(SSL_CTX* context, X509* certificate) { return SSL_CTX_add1_chain_cert(context, certificate) == 1; }
bool use_chain(SSL* session, X509* certificate) { return SSL_add1_chain_cert(session, certificate) == 1; }
bool forget_chain(SSL_CTX* context) { return SSL_CTX_clear_chain_certs(context) == 1; }
bool forget_chain(SSL* session) { return SSL_clear_chain_certs(session) == 1; }
int use_key(SSL_CTX* context, EVP_PKEY* key) { return SSL_CTX_use_PrivateKey(context, key); }
int use_key(SSL* session, EVP_PKEY* key) { return SSL_use_PrivateKey(session, key); }

}  // namespace

std::expected<Credential, std::string> Credential::parse(const Pair& pair) {
    forget_failures();
    Credential credential;
    credential.chain_name_ = pair.chain_name;
    credential.key_name_ = pair.key_name;
    const BioHandle bio = memory_of(pair.chain);
    credential.certificate_.reset(bio ? PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr) : nullptr);
    if (!credential.certificate_) return refuse(doing, pair.chain_name, "PEM_read_bio_X509_AUX()");
    while (X509* const next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) credential.chain_.emplace_back(next);
    if (!ended_well()) return refuse(doing, pair.chain_name, "PEM_read_bio_X509()");
    credential.key_ = read_key(pair.key, pair.passwords);
    if (!credential.key_) return refuse(doing_key, pair.key_name, "PEM_read_bio_PrivateKey()");
    // OpenSSL minds a key of another kind only in a handshake, and nobody notices before.
    if (X509_check_private_key(credential.certificate_.get(), credential.key_.get()) == 1) return credential;
    return std::unexpected{take_failure(quoted("SSL_CTX_use_PrivateKey()", pair.key_name))};
}

template <class Target>
Outcome Credential::give_to(Target* target) const {
    forget_failures();
    if (use_certificate(target, certificate_.get()) != 1) return refuse(doing, chain_name_, "SSL_CTX_use_certificate()");
    if (!forget_chain(target)) return refuse(doing, chain_name_, "SSL_CTX_clear_chain_certs()");
    for (const CertificateHandle& next : chain_) {
        if (!use_chain(target, next.get())) return refuse(doing, chain_name_, "SSL_CTX_add1_chain_cert()");
    }
    if (use_key(target, key_.get()) == 1) return {};
    return std::unexpected{take_failure(quoted("SSL_CTX_use_PrivateKey()", key_name_))};
}

Outcome Credential::give(ssl_ctx_st* context) const { return give_to(context); }
Outcome Credential::give(ssl_st* session) const { return give_to(session); }

}  // namespace webserv::tls
