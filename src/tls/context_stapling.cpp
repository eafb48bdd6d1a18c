// tls/context_stapling.cpp: what a context staples to a handshake (RFC 6066 section 8): an OCSP response from a file, or that of whoever
// was asked about the certificate that this connection gets.
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <string>
#include <utility>

#include "tls/context.hpp"
#include "tls/context_state.hpp"
#include "tls/failure.hpp"
#include "tls/pem.hpp"

namespace webserv::tls {
namespace {

CertificateHandle shared_with(X509* certificate) {
    X509_up_ref(certificate);
    return CertificateHandle{certificate};
}

std::string_view response_for(SSL* session) {
    const ContextState& state = *state_of(SSL_get_SSL_CTX(session));
    if (!state.stapled.empty()) return state.stapled;
    const X509* const certificate = SSL_get_certificate(session);
    const auto is_its = [&](const auto& status) { return status->is_of(certificate); };
    const auto found = std::find_if(state.statuses.begin(), state.statuses.end(), is_its);
    const StatusResponse* const response = found != state.statuses.end() ? (*found)->stapled(std::time(nullptr)) : nullptr;
    return response != nullptr ? std::string_view{response->octets} : std::string_view{};
}

int give_stapled(SSL* session, void* /*argument*/) {
    const std::string_view response = response_for(session);
    if (response.empty()) return SSL_TLSEXT_ERR_NOACK;
    auto* const copy = static_cast<unsigned char*>(OPENSSL_memdup(response.data(), response.size()));  // OpenSSL frees it
    if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
    (void)SSL_set_tlsext_status_ocsp_resp(session, copy, static_cast<long>(response.size()));
    return SSL_TLSEXT_ERR_OK;
}

std::string responder_in(X509* certificate) {
    STACK_OF(OPENSSL_STRING)* const responders = X509_get1_ocsp(certificate);
    std::string first;
    if (responders != nullptr && sk_OPENSSL_STRING_num(responders) > 0) first = sk_OPENSSL_STRING_value(responders, 0);
    X509_email_free(responders);
    return first;
}

// Of the chain in the certificate's file, else of those that are trusted; null: not found.
CertificateHandle issuer_of(X509* certificate, const std::vector<CertificateHandle>& chain, X509_STORE* trusted) {
    for (const CertificateHandle& next : chain) {
        if (X509_check_issued(next.get(), certificate) == X509_V_OK) return shared_with(next.get());
    }
    const std::unique_ptr<X509_STORE_CTX, decltype([](X509_STORE_CTX* search) { X509_STORE_CTX_free(search); })> search{
        X509_STORE_CTX_new()};
    X509* issuer = nullptr;
    if (search && X509_STORE_CTX_init(search.get(), trusted, nullptr, nullptr) == 1) {
        (void)X509_STORE_CTX_get1_issuer(&issuer, search.get(), certificate);
    }
    forget_failures();
    return CertificateHandle{issuer};
}

}  // namespace

Outcome Context::set_stapled(std::string_view response, std::string_view name) {
    forget_failures();
    const auto* octets = reinterpret_cast<const unsigned char*>(response.data());
    OCSP_RESPONSE* const parsed = d2i_OCSP_RESPONSE(nullptr, &octets, static_cast<long>(response.size()));
    if (parsed == nullptr) return std::unexpected{take_failure(quoted("d2i_OCSP_RESPONSE_bio()", name))};
    OCSP_RESPONSE_free(parsed);
    state_of(handle())->stapled = response;
    SSL_CTX_set_tlsext_status_cb(handle(), give_stapled);
    return {};
}

std::vector<std::expected<std::shared_ptr<CertificateStatus>, std::string>> Context::askable(CertificateStatus::Asking asking) const {
    std::vector<std::expected<std::shared_ptr<CertificateStatus>, std::string>> all;
    const auto& names = state_of(handle())->certificate_names;
    const bool is_said = !asking.responder.empty();
    for (long which = SSL_CERT_SET_FIRST; SSL_CTX_set_current_cert(handle(), which) == 1; which = SSL_CERT_SET_NEXT) {
        X509* const certificate = SSL_CTX_get0_certificate(handle());
        const auto named = std::find_if(names.rbegin(), names.rend(), [&](const auto& entry) { return entry.first == certificate; });
        std::string name = named != names.rend() ? named->second : std::string{};
        CertificateStatus::Certificates about;
        about.certificate = shared_with(certificate);
        about.name = name;
        STACK_OF(X509)* chain = nullptr;
        (void)SSL_CTX_get0_chain_certs(handle(), &chain);
        for (int i = 0; i < sk_X509_num(chain); ++i) about.chain.push_back(shared_with(sk_X509_value(chain, i)));
        X509_STORE* const trusted = SSL_CTX_get_cert_store(handle());
        X509_STORE_up_ref(trusted);
        about.trusted.reset(trusted);
        about.issuer = issuer_of(certificate, about.chain, trusted);
        if (!is_said) asking.responder = responder_in(certificate);
        if (!about.issuer) {
            all.emplace_back(std::unexpected{quoted("issuer certificate not found for certificate", name)});
        } else if (asking.responder.empty()) {
            all.emplace_back(std::unexpected{quoted("no OCSP responder URL in the certificate", name)});
        } else {
            all.emplace_back(std::make_shared<CertificateStatus>(std::move(about), asking));
        }
    }
    return all;
}

void Context::staple_for(std::shared_ptr<CertificateStatus> status) {
    state_of(handle())->statuses.push_back(std::move(status));
    SSL_CTX_set_tlsext_status_cb(handle(), give_stapled);
}

std::span<const std::shared_ptr<CertificateStatus>> Context::statuses() const noexcept { return state_of(handle())->statuses; }

}  // namespace webserv::tls
