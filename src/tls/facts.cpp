// tls/facts.cpp: OpenSSL's answers as text, in the forms that nginx's variables have.
// Certificates of a peer are read again for each question: few ask.
#include "tls/facts.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace webserv::tls {
namespace {

std::string_view view_of(const char* text) { return text != nullptr ? std::string_view{text} : std::string_view{}; }

std::string hex_of(std::span<const unsigned char> octets) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const unsigned char octet : octets) {
        text += digits[octet >> 4U];
        text += digits[octet & 0xFU];
    }
    return text;
}

template <class Write>
std::optional<std::string> written(const Stream& stream, const Write& write) {
    const CertificateHandle certificate{SSL_get1_peer_certificate(stream.handle())};
    if (!certificate) return std::nullopt;
    const BioHandle bio{BIO_new(BIO_s_mem())};
    if (!bio || !write(bio.get(), certificate.get())) return std::nullopt;
    char* octets = nullptr;
    const long bytes = BIO_get_mem_data(bio.get(), &octets);
    return std::string{octets, static_cast<std::size_t>(bytes)};
}

std::optional<std::string> name(const Stream& stream, X509_NAME* (*which)(const X509*)) {
    return written(stream,
                   [&](BIO* bio, X509* certificate) { return X509_NAME_print_ex(bio, which(certificate), 0, XN_FLAG_RFC2253) >= 0; });
}

std::optional<std::string> legacy_name(const Stream& stream, X509_NAME* (*which)(const X509*)) {
    const CertificateHandle certificate{SSL_get1_peer_certificate(stream.handle())};
    if (!certificate) return std::nullopt;
    const std::unique_ptr<char, void (*)(char*)> line{X509_NAME_oneline(which(certificate.get()), nullptr, 0),
                                                      [](char* text) { OPENSSL_free(text); }};
    return std::string{view_of(line.get())};
}

void append(std::string& list, std::string_view entry) {
    if (!list.empty()) list += ':';
    list += entry;
}

std::string hex_number(unsigned number) {
    const std::array<unsigned char, 2> octets{static_cast<unsigned char>(number >> 8U), static_cast<unsigned char>(number)};
    return "0x" + hex_of(octets);
}

// A group's number is TLS's own, or OpenSSL's for one that it knows.
std::string group_name(int group) {
    if ((group & TLSEXT_nid_unknown) != 0) return hex_number(static_cast<unsigned>(group) & 0xFFFFU);
    return std::string{view_of(OBJ_nid2sn(group))};
}

}  // namespace

std::string_view protocol_of(const Stream& stream) { return view_of(SSL_get_version(stream.handle())); }

std::string_view cipher_of(const Stream& stream) { return view_of(SSL_get_cipher_name(stream.handle())); }

std::string offered_ciphers_of(const Stream& stream) {
    const unsigned char* octets = nullptr;
    const auto number_bytes = static_cast<std::size_t>(SSL_get0_raw_cipherlist(stream.handle(), nullptr));
    const auto bytes = static_cast<std::size_t>(SSL_get0_raw_cipherlist(stream.handle(), &octets));
    std::string list;
    for (std::size_t at = 0; octets != nullptr && at + number_bytes <= bytes; at += number_bytes) {
        const SSL_CIPHER* const known = SSL_CIPHER_find(stream.handle(), octets + at);
        append(list, known != nullptr ? std::string{view_of(SSL_CIPHER_get_name(known))} : "0x" + hex_of({octets + at, number_bytes}));
    }
    return list;
}

std::string curve_of(const Stream& stream) {
    const int group = static_cast<int>(SSL_get_negotiated_group(stream.handle()));
    return group == 0 ? std::string{} : group_name(group);
}

std::string offered_curves_of(const Stream& stream) {
    const int count = static_cast<int>(SSL_get1_groups(stream.handle(), nullptr));
    if (count <= 0) return {};
    std::vector<int> groups(static_cast<std::size_t>(count));
    (void)SSL_get1_groups(stream.handle(), groups.data());
    std::string list;
    for (const int group : groups) append(list, group_name(group));
    return list;
}

std::string_view server_name_of(const Stream& stream) { return view_of(SSL_get_servername(stream.handle(), TLSEXT_NAMETYPE_host_name)); }

std::string_view application_protocol_of(const Stream& stream) {
    const unsigned char* octets = nullptr;
    unsigned bytes = 0;
    SSL_get0_alpn_selected(stream.handle(), &octets, &bytes);
    return {reinterpret_cast<const char*>(octets), bytes};
}

std::string session_id_of(const Stream& stream) {
    const SSL_SESSION* const session = SSL_get0_session(stream.handle());
    unsigned bytes = 0;
    const unsigned char* const octets = session != nullptr ? SSL_SESSION_get_id(session, &bytes) : nullptr;
    return octets != nullptr ? hex_of({octets, bytes}) : std::string{};
}

bool is_resumed(const Stream& stream) { return SSL_session_reused(stream.handle()) == 1; }

Verdict verdict_of(const Stream& stream) {
    Verdict verdict;
    verdict.has_certificate = SSL_get0_peer_certificate(stream.handle()) != nullptr;
    verdict.code = SSL_get_verify_result(stream.handle());
    verdict.is_good = verdict.code == X509_V_OK;
    verdict.reason = view_of(X509_verify_cert_error_string(verdict.code));
    verdict.is_about_authority =
        verdict.code == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT || verdict.code == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
        verdict.code == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY || verdict.code == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
    return verdict;
}

void forget_session(const Stream& stream) {
    (void)SSL_CTX_remove_session(SSL_get_SSL_CTX(stream.handle()), SSL_get0_session(stream.handle()));
}

std::optional<std::string> peer_certificate(const Stream& stream) {
    return written(stream, [](BIO* bio, X509* certificate) { return PEM_write_bio_X509(bio, certificate) == 1; });
}

std::optional<std::string> peer_subject(const Stream& stream) { return name(stream, X509_get_subject_name); }
std::optional<std::string> peer_issuer(const Stream& stream) { return name(stream, X509_get_issuer_name); }
std::optional<std::string> peer_subject_legacy(const Stream& stream) { return legacy_name(stream, X509_get_subject_name); }
std::optional<std::string> peer_issuer_legacy(const Stream& stream) { return legacy_name(stream, X509_get_issuer_name); }

std::optional<std::string> peer_serial(const Stream& stream) {
    return written(stream, [](BIO* bio, X509* certificate) { return i2a_ASN1_INTEGER(bio, X509_get0_serialNumber(certificate)) >= 0; });
}

std::optional<std::string> peer_fingerprint(const Stream& stream) {
    const CertificateHandle certificate{SSL_get1_peer_certificate(stream.handle())};
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned bytes = 0;
    if (!certificate || X509_digest(certificate.get(), EVP_sha1(), digest.data(), &bytes) != 1) return std::nullopt;
    return hex_of({digest.data(), bytes});
}

std::optional<std::string> peer_valid_from(const Stream& stream) {
    return written(stream, [](BIO* bio, X509* certificate) { return ASN1_TIME_print(bio, X509_get0_notBefore(certificate)) == 1; });
}

std::optional<std::string> peer_valid_until(const Stream& stream) {
    return written(stream, [](BIO* bio, X509* certificate) { return ASN1_TIME_print(bio, X509_get0_notAfter(certificate)) == 1; });
}

std::optional<std::string> peer_days_left(const Stream& stream) {
    const CertificateHandle certificate{SSL_get1_peer_certificate(stream.handle())};
    int days = 0, seconds = 0;
    if (!certificate || ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate.get())) != 1) return std::nullopt;
    return std::to_string(days < 0 || seconds < 0 ? 0 : days);
}

}  // namespace webserv::tls
