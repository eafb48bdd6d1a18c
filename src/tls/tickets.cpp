// tls/tickets.cpp: OpenSSL asks which keys seal a session ticket, and which open one that comes back.
// The keys are a file's (ssl_session_ticket_key), or those that all workers share.
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>

#include "tls/context_state.hpp"

namespace webserv::tls {
namespace {

// What the callback may say: RFC 5077's words are "no", "yes", and "yes, but take a new one".
constexpr int failed = -1, not_ours = 0, opened = 1, opened_renew = 2, sealed = 1;

const EVP_CIPHER* cipher_of(const TicketKey& key) { return key.is_short ? EVP_aes_128_cbc() : EVP_aes_256_cbc(); }

bool set_digest(EVP_MAC_CTX* digest, TicketKey& key) {
    char name[] = "SHA256";
    const std::array<OSSL_PARAM, 3> parameters{
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.digest.data(), key.is_short ? 16 : key.digest.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0), OSSL_PARAM_construct_end()};
    return EVP_MAC_CTX_set_params(digest, parameters.data()) == 1;
}

std::optional<OpeningKey> find_key(const ContextState& state, std::span<const unsigned char, 16> name) {
    const auto& own = state.ticket_keys;
    if (own.empty()) return opening_key(name, std::time(nullptr));
    const auto found =
        std::find_if(own.begin(), own.end(), [&](const TicketKey& key) { return std::equal(name.begin(), name.end(), key.name.begin()); });
    if (found == own.end()) return std::nullopt;
    return OpeningKey{*found, found == own.begin()};
}

int seal(const ContextState& state, unsigned char* name, unsigned char* vector, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* digest) {
    auto key = state.ticket_keys.empty() ? sealing_key(std::time(nullptr)) : std::optional{state.ticket_keys.front()};
    if (!key) return failed;
    const EVP_CIPHER* const algorithm = cipher_of(*key);
    if (RAND_bytes(vector, EVP_CIPHER_get_iv_length(algorithm)) != 1) return failed;
    if (EVP_EncryptInit_ex(cipher, algorithm, nullptr, key->cipher.data(), vector) != 1 || !set_digest(digest, *key)) return failed;
    std::copy(key->name.begin(), key->name.end(), name);
    return sealed;
}

int open(SSL* session, const ContextState& state, const unsigned char* name, unsigned char* vector, EVP_CIPHER_CTX* cipher,
         EVP_MAC_CTX* digest) {
    auto found = find_key(state, std::span<const unsigned char, 16>{name, 16});
    if (!found) return not_ours;
    if (!set_digest(digest, found->key) ||
        EVP_DecryptInit_ex(cipher, cipher_of(found->key), nullptr, found->key.cipher.data(), vector) != 1) {
        return failed;
    }
    // With TLS 1.3 a ticket is used once (RFC 8446 appendix C.4), so there is a new one in any case.
    return found->is_newest && SSL_version(session) != TLS1_3_VERSION ? opened : opened_renew;
}

int on_ticket(SSL* session, unsigned char* name, unsigned char* vector, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* digest, int is_sealing) {
    const ContextState& state = *state_of(SSL_get_SSL_CTX(session));
    return is_sealing == 1 ? seal(state, name, vector, cipher, digest) : open(session, state, name, vector, cipher, digest);
}

}  // namespace

void use_ticket_keys(ssl_ctx_st* context) noexcept { (void)SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket); }

}  // namespace webserv::tls
