// tls/certificate_status.cpp: OpenSSL's OCSP functions. What is checked, and in which order, is what nginx checks.
// A signature is always verified; whether its signer may speak for the authority is what `verify` asks.
#include "tls/certificate_status.hpp"

#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>

#include <optional>

#include "tls/failure.hpp"

namespace webserv::tls {
namespace {

// Clocks may differ by as much as this.
constexpr long tolerance_seconds = 300;

template <class Object, void (*Free)(Object*)>
using Owned = std::unique_ptr<Object, decltype([](Object* object) { Free(object); })>;
using ResponseHandle = Owned<OCSP_RESPONSE, OCSP_RESPONSE_free>;
using BasicResponseHandle = Owned<OCSP_BASICRESP, OCSP_BASICRESP_free>;
using RequestHandle = Owned<OCSP_REQUEST, OCSP_REQUEST_free>;
using IdHandle = Owned<OCSP_CERTID, OCSP_CERTID_free>;

struct Times {
    ASN1_GENERALIZEDTIME* this_update = nullptr;
    ASN1_GENERALIZEDTIME* next_update = nullptr;
};

std::optional<std::time_t> seconds_of(const ASN1_GENERALIZEDTIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
    return ::timegm(&parts);
}

std::string octets_of(const x509_st* certificate) {
    unsigned char* octets = nullptr;
    const int size = i2d_X509(certificate, &octets);
    std::string text{reinterpret_cast<const char*>(octets), size > 0 ? static_cast<std::size_t>(size) : 0};
    OPENSSL_free(octets);
    return text;
}

std::expected<BasicResponseHandle, std::string> parse(std::string_view response) {
    const auto* octets = reinterpret_cast<const unsigned char*>(response.data());
    const ResponseHandle parsed{d2i_OCSP_RESPONSE(nullptr, &octets, static_cast<long>(response.size()))};
    if (!parsed) return std::unexpected{take_failure("d2i_OCSP_RESPONSE()")};
    if (const int status = OCSP_response_status(parsed.get()); status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        return std::unexpected{"OCSP response not successful (" + std::to_string(status) + ": " + OCSP_response_status_str(status) + ")"};
    }
    BasicResponseHandle basic{OCSP_response_get1_basic(parsed.get())};
    if (!basic) return std::unexpected{take_failure("OCSP_response_get1_basic()")};
    return basic;
}

}  // namespace

CertificateStatus::CertificateStatus(Certificates certificates, const Asking& asking)
    : is_about_{std::move(certificates)}, responder_{asking.responder}, verify_{asking.verify}, identity_(EVP_MAX_MD_SIZE, '\0') {
    const std::string words = octets_of(is_about_.certificate.get()) + octets_of(is_about_.issuer.get()) + responder_ +
                              (verify_ ? '1' + asking.trust : std::string{'0'});
    unsigned size = 0;
    (void)EVP_Digest(words.data(), words.size(), reinterpret_cast<unsigned char*>(identity_.data()), &size, EVP_sha256(), nullptr);
    identity_.resize(size);
}

std::expected<std::string, std::string> CertificateStatus::request() const {
    forget_failures();
    const RequestHandle request{OCSP_REQUEST_new()};
    IdHandle id{OCSP_cert_to_id(nullptr, is_about_.certificate.get(), is_about_.issuer.get())};
    if (!request || !id || OCSP_request_add0_id(request.get(), id.get()) == nullptr) {
        return std::unexpected{take_failure("OCSP_request_add0_id()")};
    }
    (void)id.release();  // the request's now
    unsigned char* octets = nullptr;
    const int size = i2d_OCSP_REQUEST(request.get(), &octets);
    if (size <= 0) return std::unexpected{take_failure("i2d_OCSP_REQUEST()")};
    std::string text{reinterpret_cast<const char*>(octets), static_cast<std::size_t>(size)};
    OPENSSL_free(octets);
    return text;
}

std::expected<StatusResponse, std::string> CertificateStatus::check(std::string_view response, std::time_t now) const {
    forget_failures();
    const auto basic = parse(response);
    if (!basic) return std::unexpected{basic.error()};

    // Whoever stands behind our certificate in its file, its issuer included, may sign as well as those whom the response brings along.
    const std::unique_ptr<STACK_OF(X509), decltype([](STACK_OF(X509) * stack) { sk_X509_free(stack); })> signers{sk_X509_new_null()};
    for (const CertificateHandle& next : is_about_.chain) (void)sk_X509_push(signers.get(), next.get());
    (void)sk_X509_push(signers.get(), is_about_.issuer.get());
    const unsigned long flags = verify_ ? OCSP_TRUSTOTHER : OCSP_NOVERIFY;
    if (OCSP_basic_verify(basic->get(), signers.get(), is_about_.trusted.get(), flags) != 1) {
        return std::unexpected{take_failure("OCSP_basic_verify()")};
    }

    const IdHandle id{OCSP_cert_to_id(nullptr, is_about_.certificate.get(), is_about_.issuer.get())};
    if (!id) return std::unexpected{take_failure("OCSP_cert_to_id()")};
    int status = 0;
    Times times;
    if (OCSP_resp_find_status(basic->get(), id.get(), &status, nullptr, nullptr, &times.this_update, &times.next_update) != 1) {
        return std::unexpected{"certificate status not found in the OCSP response"};
    }
    if (OCSP_check_validity(times.this_update, times.next_update, tolerance_seconds, -1) != 1) {
        return std::unexpected{take_failure("OCSP_check_validity()")};
    }
    StatusResponse checked{.octets = std::string{response}};
    if (times.next_update != nullptr) {
        const auto until = seconds_of(times.next_update);
        if (!until) return std::unexpected{"invalid nextUpdate time in certificate status"};
        checked.valid_until = *until;
    }
    if (status != V_OCSP_CERTSTATUS_GOOD) {
        return std::unexpected{std::string{"certificate status \""} + OCSP_cert_status_str(status) + "\" in the OCSP response"};
    }
    if (checked.valid_until < now) return std::unexpected{"the OCSP response has expired"};
    return checked;
}

}  // namespace webserv::tls
