// tls/context_certificates.cpp: PEM to certificates and keys, and whom a context trusts.
// Complaints are nginx's: people look them up.
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "tls/context.hpp"
#include "tls/context_state.hpp"
#include "tls/failure.hpp"
#include "tls/pem.hpp"

namespace webserv::tls {

Outcome Context::use_certificate(const Credential::Pair& pair) {
    const auto credential = Credential::parse(pair);
    if (!credential) return std::unexpected{credential.error()};
    auto given = credential->give(handle());
    if (given) state_of(handle())->certificate_names.emplace_back(SSL_CTX_get0_certificate(handle()), pair.chain_name);
    return given;
}

Outcome Context::trust(std::string_view pem, std::string_view name, bool sent) {
    constexpr std::string_view doing = "cannot load trusted certificates";
    forget_failures();
    X509_STORE* const store = SSL_CTX_get_cert_store(handle());
    const BioHandle bio = memory_of(pem);
    std::size_t count = 0;
    while (const CertificateHandle certificate{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
        if (X509_STORE_add_cert(store, certificate.get()) != 1) return refuse(doing, name, "X509_STORE_add_cert()");
        if (sent && SSL_CTX_add_client_CA(handle(), certificate.get()) != 1) return refuse(doing, name, "SSL_CTX_add_client_CA()");
        ++count;
    }
    if (count > 0 && ended_well()) return {};
    return refuse(doing, name, "PEM_read_bio_X509()");
}

Outcome Context::trust_system() {
    forget_failures();
    if (SSL_CTX_set_default_verify_paths(handle()) == 1) return {};
    return std::unexpected{take_failure("SSL_CTX_set_default_verify_paths()")};
}

Outcome Context::add_revocations(std::string_view pem, std::string_view name) {
    constexpr std::string_view doing = "cannot load revocations";
    forget_failures();
    X509_STORE* const store = SSL_CTX_get_cert_store(handle());
    const BioHandle bio = memory_of(pem);
    std::size_t count = 0;
    for (;; ++count) {
        const std::unique_ptr<X509_CRL, void (*)(X509_CRL*)> list{PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr),
                                                                  X509_CRL_free};
        if (!list) break;
        if (X509_STORE_add_crl(store, list.get()) != 1) return refuse(doing, name, "X509_STORE_add_crl()");
    }
    if (count == 0 || !ended_well()) return refuse(doing, name, "PEM_read_bio_X509_CRL()");
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    return {};
}

namespace {

// The handshake goes on whatever the certificate is: the answer says what is wrong with it (495).
int accept_any(int /*is_good*/, X509_STORE_CTX* /*store*/) { return 1; }

}  // namespace

void Context::set_verify(Verify verify, int depth) {
    const bool is_server = SSL_CTX_get_ssl_method(handle()) == TLS_server_method();
    SSL_CTX_set_verify(handle(), verify == Verify::off ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, is_server ? accept_any : nullptr);
    SSL_CTX_set_verify_depth(handle(), depth);
}

}  // namespace webserv::tls
