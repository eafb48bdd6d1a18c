// tls/tickets.cpp: OpenSSL asks which keys seal a session ticket, and which open one that comes back; and where sessions are kept.
// The keys are a file's (ssl_session_ticket_key), or those that all workers share.
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <optional>
#include <span>

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

// A TLS 1.3 client is given a new ticket at each visit, as young as that. A certificate must be shown again all the same, `timeout` seconds
// after it was: so a session with one remembers when it ends, and its tickets live only as long as is left. RFC 8446 section 4.6.1.
int bound_chain(SSL* session, void* /*argument*/) {
    SSL_SESSION* const made = SSL_get_session(session);
    if (SSL_version(session) != TLS1_3_VERSION || SSL_SESSION_get0_peer(made) == nullptr) return 1;
    const std::int64_t now = SSL_SESSION_get_time(made);
    std::int64_t ends = now + SSL_SESSION_get_timeout(made);
    void* octets = nullptr;
    std::size_t bytes = 0;
    (void)SSL_SESSION_get0_ticket_appdata(made, &octets, &bytes);
    if (bytes == sizeof ends) {
        std::memcpy(&ends, octets, sizeof ends);
    } else if (SSL_SESSION_set1_ticket_appdata(made, &ends, sizeof ends) != 1) {
        return 0;
    }
    // OpenSSL writes no timeout of zero: what ends now has ended before.
    if (ends <= now) (void)SSL_SESSION_set_time(made, static_cast<long>(now - 2));
    (void)SSL_SESSION_set_timeout(made, static_cast<long>(std::max<std::int64_t>(ends - now, 1)));
    return 1;
}

std::span<const unsigned char> id_of(const SSL_SESSION* session) {
    unsigned bytes = 0;
    const unsigned char* const id = SSL_SESSION_get_id(session, &bytes);
    return {id, bytes};
}

// With TLS 1.3 the client has all of it in its ticket, unless tickets are numbers of what we keep.
bool is_in_ticket(const SSL* session) {
    const std::uint64_t options = SSL_get_options(session);
    const bool is_kept_for_replay = SSL_get_max_early_data(session) > 0 && (options & SSL_OP_NO_ANTI_REPLAY) == 0;
    return SSL_version(session) == TLS1_3_VERSION && (options & SSL_OP_NO_TICKET) == 0 && !is_kept_for_replay;
}

int keep(SSL* session, SSL_SESSION* made) {
    constexpr int not_ours_to_free = 0;
    const int bytes = i2d_SSL_SESSION(made, nullptr);
    if (is_in_ticket(session) || bytes <= 0 || static_cast<std::size_t>(bytes) > SessionCache::session_bytes_max) return not_ours_to_free;
    std::array<unsigned char, SessionCache::session_bytes_max> octets;
    unsigned char* end = octets.data();
    (void)i2d_SSL_SESSION(made, &end);
    SessionCache& cache = *state_of(SSL_get_SSL_CTX(session))->session_cache;
    const std::int64_t expires = SSL_SESSION_get_time(made) + SSL_SESSION_get_timeout(made);
    cache.put(id_of(made), {octets.data(), static_cast<std::size_t>(bytes)}, expires);
    return not_ours_to_free;
}

SSL_SESSION* find(SSL* session, const unsigned char* id, int id_bytes, int* is_shared) {
    *is_shared = 0;  // it is made for OpenSSL, which frees it
    SessionCache& cache = *state_of(SSL_get_SSL_CTX(session))->session_cache;
    const auto octets = cache.find({id, static_cast<std::size_t>(id_bytes)}, std::time(nullptr));
    if (!octets) return nullptr;
    const auto* begin = reinterpret_cast<const unsigned char*>(octets->data());
    return d2i_SSL_SESSION(nullptr, &begin, static_cast<long>(octets->size()));
}

void forget(SSL_CTX* context, SSL_SESSION* gone) { state_of(context)->session_cache->forget(id_of(gone)); }

}  // namespace

void use_session_cache(ssl_ctx_st* context) noexcept {
    SSL_CTX_sess_set_new_cb(context, keep);
    SSL_CTX_sess_set_get_cb(context, find);
    SSL_CTX_sess_set_remove_cb(context, forget);
}

void use_ticket_keys(ssl_ctx_st* context) noexcept {
    (void)SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
    (void)SSL_CTX_set_session_ticket_cb(context, bound_chain, nullptr, nullptr);
}

}  // namespace webserv::tls
