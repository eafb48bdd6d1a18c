// tls/facts_signatures.cpp: what handshakes were signed with, and what a client would take, by the names of RFC 8446 section 4.2.3.
// OpenSSL tells a key's kind and a digest, or the two octets of the wire.
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/ssl.h>

#include <string>
#include <string_view>

#include "tls/facts.hpp"

namespace webserv::tls {
namespace {

struct Scheme {
    unsigned number;
    int key;
    int digest;  // 0: it belongs to the key
    std::string_view name;
};

constexpr Scheme schemes[] = {
    {0x0403, EVP_PKEY_EC, NID_sha256, "ecdsa_secp256r1_sha256"},
    {0x0503, EVP_PKEY_EC, NID_sha384, "ecdsa_secp384r1_sha384"},
    {0x0603, EVP_PKEY_EC, NID_sha512, "ecdsa_secp521r1_sha512"},
    {0x0807, EVP_PKEY_ED25519, 0, "ed25519"},
    {0x0808, EVP_PKEY_ED448, 0, "ed448"},
    {0x0804, EVP_PKEY_RSA_PSS, NID_sha256, "rsa_pss_rsae_sha256"},  // OpenSSL does not tell it from rsa_pss_pss_sha256, which nobody has
    {0x0805, EVP_PKEY_RSA_PSS, NID_sha384, "rsa_pss_rsae_sha384"},
    {0x0806, EVP_PKEY_RSA_PSS, NID_sha512, "rsa_pss_rsae_sha512"},
    {0x0809, NID_undef, 0, "rsa_pss_pss_sha256"},
    {0x080a, NID_undef, 0, "rsa_pss_pss_sha384"},
    {0x080b, NID_undef, 0, "rsa_pss_pss_sha512"},
    {0x0401, EVP_PKEY_RSA, NID_sha256, "rsa_pkcs1_sha256"},
    {0x0501, EVP_PKEY_RSA, NID_sha384, "rsa_pkcs1_sha384"},
    {0x0601, EVP_PKEY_RSA, NID_sha512, "rsa_pkcs1_sha512"},
    {0x0203, EVP_PKEY_EC, NID_sha1, "ecdsa_sha1"},
    {0x0201, EVP_PKEY_RSA, NID_sha1, "rsa_pkcs1_sha1"},
};

std::string_view name_of(int key, int digest) {
    for (const Scheme& scheme : schemes) {
        if (scheme.key == key && (scheme.digest == 0 || scheme.digest == digest)) return scheme.name;
    }
    return {};
}

std::string name_of(unsigned number) {
    for (const Scheme& scheme : schemes) {
        if (scheme.number == number) return std::string{scheme.name};
    }
    constexpr std::string_view digits = "0123456789abcdef";
    return {'0', 'x', digits[number >> 12U & 0xFU], digits[number >> 8U & 0xFU], digits[number >> 4U & 0xFU], digits[number & 0xFU]};
}

}  // namespace

std::string_view signature_of_peer(const Stream& stream) {
    int key = 0, digest = 0;
    if (SSL_get_peer_signature_type_nid(stream.handle(), &key) != 1) return {};
    (void)SSL_get_peer_signature_nid(stream.handle(), &digest);
    return name_of(key, digest);
}

std::string_view signature_of(const Stream& stream) {
    int key = 0, digest = 0;
    if (SSL_get_signature_type_nid(stream.handle(), &key) != 1) return {};
    (void)SSL_get_signature_nid(stream.handle(), &digest);
    return name_of(key, digest);
}

std::string offered_signatures_of(const Stream& stream) {
    std::string list;
    const int count = SSL_get_sigalgs(stream.handle(), -1, nullptr, nullptr, nullptr, nullptr, nullptr);
    for (int i = 0; i < count; ++i) {
        unsigned char signature = 0, digest = 0;
        if (SSL_get_sigalgs(stream.handle(), i, nullptr, nullptr, nullptr, &signature, &digest) == 0) break;
        if (!list.empty()) list += ':';
        list += name_of(static_cast<unsigned>(digest) << 8U | signature);
    }
    return list;
}

}  // namespace webserv::tls
