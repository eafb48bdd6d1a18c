// tls/certificates.cpp: X.509 as browsers want it: version 3, random serial numbers, names in subjectAltName.
// RFC 5280; the lifetimes that browsers accept are the caller's to know.
#include "tls/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>

#include "tls/failure.hpp"
#include "tls/handle.hpp"

namespace webserv::tls {
namespace {

constexpr std::chrono::hours clock_slack{1};  // a browser's clock may be behind ours

std::string text_of(BIO* bio) {
    char* octets = nullptr;
    const long bytes = BIO_get_mem_data(bio, &octets);
    return bytes > 0 ? std::string{octets, static_cast<std::size_t>(bytes)} : std::string{};
}

std::string pem_of(X509* certificate) {
    const BioHandle bio{BIO_new(BIO_s_mem())};
    return bio && PEM_write_bio_X509(bio.get(), certificate) == 1 ? text_of(bio.get()) : std::string{};
}

std::string pem_of(EVP_PKEY* key) {
    const BioHandle bio{BIO_new(BIO_s_mem())};
    const bool written = bio && PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1;
    return written ? text_of(bio.get()) : std::string{};
}

CertificateHandle certificate_of(std::string_view pem) {
    const BioHandle bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
    return CertificateHandle{bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr};
}

KeyHandle key_of(std::string_view pem) {
    const BioHandle bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
    return KeyHandle{bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr) : nullptr};
}

bool add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, void (*)(X509_EXTENSION*)> extension{X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()),
                                                                               X509_EXTENSION_free};
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_serial(X509* certificate) {
    std::array<unsigned char, 16> random{};
    if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) return false;
    random[0] = static_cast<unsigned char>((random[0] & 0x3FU) | 0x40U);  // positive, and of the same length always
    const std::unique_ptr<BIGNUM, void (*)(BIGNUM*)> number{BN_bin2bn(random.data(), static_cast<int>(random.size()), nullptr), BN_free};
    return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_name(X509* certificate, const std::string& name) {
    constexpr std::size_t common_name_max = 64;  // RFC 5280 appendix A.1
    X509_NAME* const subject = X509_get_subject_name(certificate);
    const std::string common = name.substr(0, common_name_max);
    const auto add = [&](const char* field, const std::string& value) {
        const auto* const octets = reinterpret_cast<const unsigned char*>(value.data());
        return X509_NAME_add_entry_by_txt(subject, field, MBSTRING_UTF8, octets, static_cast<int>(value.size()), -1, 0) == 1;
    };
    return add("O", "webserv") && add("CN", common);
}

struct Draft {
    KeyHandle key;
    CertificateHandle certificate;
    explicit operator bool() const noexcept { return certificate != nullptr; }
};

Draft begin(const std::string& name, std::chrono::days lifetime) {
    Draft draft{KeyHandle{EVP_EC_gen("P-256")}, CertificateHandle{X509_new()}};
    X509* const certificate = draft.certificate.get();
    const auto slack = static_cast<long>(std::chrono::seconds{clock_slack}.count());
    const bool good = draft.key && certificate != nullptr && X509_set_version(certificate, X509_VERSION_3) == 1 &&
                      set_serial(certificate) && set_name(certificate, name) && X509_set_pubkey(certificate, draft.key.get()) == 1 &&
                      X509_gmtime_adj(X509_getm_notBefore(certificate), -slack) != nullptr &&
                      X509_time_adj_ex(X509_getm_notAfter(certificate), static_cast<int>(lifetime.count()), 0, nullptr) != nullptr;
    if (!good) draft.certificate.reset();
    return draft;
}

bool is_address(const std::string& name) {
    const std::unique_ptr<ASN1_OCTET_STRING, void (*)(ASN1_OCTET_STRING*)> octets{a2i_IPADDRESS(name.c_str()), ASN1_OCTET_STRING_free};
    forget_failures();
    return octets != nullptr;
}

}  // namespace

std::expected<KeyPair, std::string> make_authority(const std::string& name, std::chrono::days lifetime) {
    forget_failures();
    const Draft draft = begin(name, lifetime);
    X509* const certificate = draft.certificate.get();
    const bool good = draft && X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1 &&
                      add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                      add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                      add_extension(certificate, certificate, NID_subject_key_identifier, "hash") &&
                      X509_sign(certificate, draft.key.get(), EVP_sha256()) > 0;
    if (!good) return std::unexpected{take_failure("making an authority")};
    return KeyPair{pem_of(certificate), pem_of(draft.key.get())};
}

std::expected<KeyPair, std::string> issue_certificate(const KeyPair& authority, std::span<const std::string> names,
                                                      std::chrono::days lifetime) {
    forget_failures();
    const CertificateHandle issuer = certificate_of(authority.certificate);
    const KeyHandle issuer_key = key_of(authority.key);
    if (!issuer || !issuer_key || names.empty()) return std::unexpected{take_failure("reading the authority")};
    std::string alternatives;
    for (const std::string& name : names) {
        if (!alternatives.empty()) alternatives += ',';
        alternatives.append(is_address(name) ? "IP:" : "DNS:").append(name);
    }
    const Draft draft = begin(names.front(), lifetime);
    X509* const certificate = draft.certificate.get();
    const bool good = draft && X509_set_issuer_name(certificate, X509_get_subject_name(issuer.get())) == 1 &&
                      add_extension(certificate, issuer.get(), NID_basic_constraints, "critical,CA:FALSE") &&
                      add_extension(certificate, issuer.get(), NID_key_usage, "critical,digitalSignature") &&
                      add_extension(certificate, issuer.get(), NID_ext_key_usage, "serverAuth,clientAuth") &&
                      add_extension(certificate, issuer.get(), NID_subject_alt_name, alternatives) &&
                      add_extension(certificate, issuer.get(), NID_subject_key_identifier, "hash") &&
                      add_extension(certificate, issuer.get(), NID_authority_key_identifier, "keyid") &&
                      X509_sign(certificate, issuer_key.get(), EVP_sha256()) > 0;
    if (!good) return std::unexpected{take_failure("issuing a certificate")};
    return KeyPair{pem_of(certificate), pem_of(draft.key.get())};
}

std::expected<CertificateFacts, std::string> read_certificate(std::string_view pem) {
    forget_failures();
    const CertificateHandle certificate = certificate_of(pem);
    int days = 0, seconds = 0;
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned digest_bytes = 0;
    if (!certificate || ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate.get())) != 1 ||
        X509_digest(certificate.get(), EVP_sha256(), digest.data(), &digest_bytes) != 1) {
        return std::unexpected{take_failure("PEM_read_bio_X509()")};
    }
    CertificateFacts facts;
    facts.pem = pem;
    facts.remaining = std::chrono::days{days} + std::chrono::seconds{seconds};
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (unsigned index = 0; index < digest_bytes; ++index) {
        if (index > 0) facts.fingerprint += ':';
        facts.fingerprint += digits[digest[index] >> 4U];
        facts.fingerprint += digits[digest[index] & 0xFU];
    }
    return facts;
}

bool CertificateFacts::valid_for(std::span<const std::string> wanted) const {
    const CertificateHandle certificate = certificate_of(pem);
    return certificate && std::all_of(wanted.begin(), wanted.end(), [&](const std::string& name) {
               return is_address(name) ? X509_check_ip_asc(certificate.get(), name.c_str(), 0) == 1
                                       : X509_check_host(certificate.get(), name.c_str(), name.size(), 0, nullptr) == 1;
           });
}

}  // namespace webserv::tls
