// tls/context.cpp: a context, and what it says about protocols, ciphers, curves and sessions.
// Certificates and trust are in context_certificates.cpp, tickets in tickets.cpp.
#include "tls/context.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <utility>

#include "tls/context_state.hpp"
#include "tls/failure.hpp"
#include "tls/record_memory.hpp"

namespace webserv::tls {
namespace {

void free_state(void* /*parent*/, void* state, CRYPTO_EX_DATA* /*data*/, int /*index*/, long /*argl*/, void* /*argp*/) {
    delete static_cast<ContextState*>(state);
}

int state_index() {
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_state);
    return index;
}

// The first entry of a list as RFC 7301 section 3.1 writes it, which loses it: a length, then a name.
std::string_view take_entry(std::string_view& list) {
    const std::string_view entry = list.substr(0, 1U + static_cast<unsigned char>(list.front()));
    list.remove_prefix(entry.size());
    return entry;
}

bool has_entry(std::string_view list, std::string_view wanted) {
    while (!list.empty()) {
        if (take_entry(list) == wanted) return true;
    }
    return false;
}

// RFC 7301 section 3.2: the server chooses, by its own preference; nothing in common ends the handshake.
int choose_application_protocol(SSL* session, const unsigned char** chosen, unsigned char* chosen_bytes, const unsigned char* offered,
                                unsigned offered_bytes, void* /*argument*/) {
    const std::string_view theirs{reinterpret_cast<const char*>(offered), offered_bytes};
    const auto* const left_out = static_cast<const char*>(SSL_get_app_data(session));
    std::string_view ours = state_of(SSL_get_SSL_CTX(session))->application_protocols;
    while (!ours.empty()) {
        const std::string_view entry = take_entry(ours);
        const std::string_view name = entry.substr(1);
        if ((left_out != nullptr && name == left_out) || !has_entry(theirs, entry)) continue;
        *chosen = reinterpret_cast<const unsigned char*>(name.data());
        *chosen_bytes = static_cast<unsigned char>(name.size());
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// The server was chosen by this name before the handshake began: all that is left is to say that it was understood.
int acknowledge_server_name(SSL* session, int* /*alert*/, void* /*argument*/) {
    return SSL_get_servername(session, TLSEXT_NAMETYPE_host_name) != nullptr ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

void set_up_server(SSL_CTX* context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_ANTI_REPLAY);
    SSL_CTX_set_tlsext_servername_callback(context, acknowledge_server_name);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    use_ticket_keys(context);
}

}  // namespace

ContextState* state_of(const ssl_ctx_st* context) noexcept {
    return static_cast<ContextState*>(SSL_CTX_get_ex_data(context, state_index()));
}

bool attach_state(ssl_ctx_st* context) noexcept {
    auto state = std::make_unique<ContextState>();
    if (SSL_CTX_set_ex_data(context, state_index(), state.get()) != 1) return false;
    (void)state.release();
    return true;
}

std::expected<Context, std::string> Context::create(Role role) {
    static const bool prepared = (use_record_memory(), true);
    (void)prepared;
    forget_failures();
    ContextHandle handle{SSL_CTX_new(role == Role::server ? TLS_server_method() : TLS_client_method())};
    if (!handle || !attach_state(handle.get())) return std::unexpected{take_failure("SSL_CTX_new()")};
    SSL_CTX_set_mode(handle.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(handle.get(), 1);  // one read(2) for head and content of a record
    if (role == Role::server) set_up_server(handle.get());
    Context context{std::move(handle)};
    if (auto done = context.set_protocols(protocols_default); !done) return std::unexpected{done.error()};
    if (auto done = context.set_ciphers(ciphers_default); !done) return std::unexpected{done.error()};
    return context;
}

Outcome Context::set_protocols(unsigned protocols) {
    constexpr std::array<std::pair<Protocol, std::uint64_t>, 4> all{{{Protocol::tls1_0, SSL_OP_NO_TLSv1},
                                                                     {Protocol::tls1_1, SSL_OP_NO_TLSv1_1},
                                                                     {Protocol::tls1_2, SSL_OP_NO_TLSv1_2},
                                                                     {Protocol::tls1_3, SSL_OP_NO_TLSv1_3}}};
    forget_failures();
    // What the system's configuration says about versions is for programs that have none of their own.
    if (SSL_CTX_set_min_proto_version(handle(), 0) != 1 || SSL_CTX_set_max_proto_version(handle(), 0) != 1) {
        return std::unexpected{take_failure("SSL_CTX_set_min_proto_version()")};
    }
    for (const auto& [protocol, option] : all) {
        if ((protocols & static_cast<unsigned>(protocol)) != 0) {
            SSL_CTX_clear_options(handle(), option);
        } else {
            SSL_CTX_set_options(handle(), option);
        }
    }
    SSL_CTX_set_options(handle(), SSL_OP_NO_SSLv3);
    return {};
}

Outcome Context::set_ciphers(const std::string& list) {
    forget_failures();
    if (SSL_CTX_set_cipher_list(handle(), list.c_str()) == 1) return {};
    return std::unexpected{take_failure("SSL_CTX_set_cipher_list(\"" + list + "\")")};
}

void Context::prefer_own_ciphers(bool on) {
    constexpr std::uint64_t options = SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA;
    if (on) {
        SSL_CTX_set_options(handle(), options);
    } else {
        SSL_CTX_clear_options(handle(), options);
    }
}

Outcome Context::set_curves(const std::string& list) {
    forget_failures();
    if (list == "auto" || SSL_CTX_set1_groups_list(handle(), list.c_str()) == 1) return {};
    return std::unexpected{take_failure("SSL_CTX_set1_curves_list(\"" + list + "\")")};
}

Outcome Context::set_dh_parameters(std::string_view pem, std::string_view name) {
    forget_failures();
    const BioHandle bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
    KeyHandle parameters{bio ? PEM_read_bio_Parameters(bio.get(), nullptr) : nullptr};
    const bool is_dh = parameters && (EVP_PKEY_is_a(parameters.get(), "DH") == 1 || EVP_PKEY_is_a(parameters.get(), "DHX") == 1);
    if (is_dh && SSL_CTX_set0_tmp_dh_pkey(handle(), parameters.get()) == 1) {
        (void)parameters.release();
        return {};
    }
    return std::unexpected{take_failure("PEM_read_bio_DHparams(\"" + std::string{name} + "\")")};
}

Outcome Context::command(const std::string& name, const std::string& value) {
    forget_failures();
    const std::unique_ptr<SSL_CONF_CTX, void (*)(SSL_CONF_CTX*)> commands{SSL_CONF_CTX_new(), SSL_CONF_CTX_free};
    const auto refuse = [&] { return std::unexpected{take_failure("SSL_CONF_cmd(\"" + name + "\", \"" + value + "\")")}; };
    if (!commands) return refuse();
    const bool is_server = SSL_CTX_get_ssl_method(handle()) == TLS_server_method();
    SSL_CONF_CTX_set_flags(commands.get(), SSL_CONF_FLAG_FILE | SSL_CONF_FLAG_SHOW_ERRORS | SSL_CONF_FLAG_CERTIFICATE |
                                               (is_server ? SSL_CONF_FLAG_SERVER : SSL_CONF_FLAG_CLIENT));
    // Files are read before the workers lose their rights, and once more by each of them from a record: not through OpenSSL.
    const int type = SSL_CONF_cmd_value_type(commands.get(), name.c_str());
    if (type == SSL_CONF_TYPE_FILE || type == SSL_CONF_TYPE_DIR) {
        return std::unexpected{"command \"" + name + "\" of \"ssl_conf_command\" names a file: use the directive that is made for it"};
    }
    SSL_CONF_CTX_set_ssl_ctx(commands.get(), handle());
    if (SSL_CONF_cmd(commands.get(), name.c_str(), value.c_str()) <= 0) return refuse();
    if (SSL_CONF_CTX_finish(commands.get()) != 1) return refuse();
    return {};
}

void Context::set_application_protocols(std::span<const std::string_view> names) {
    std::string& list = state_of(handle())->application_protocols;
    list.clear();
    for (const std::string_view name : names) {
        list += static_cast<char>(name.size());
        list += name;
    }
    if (SSL_CTX_get_ssl_method(handle()) == TLS_server_method()) {
        SSL_CTX_set_alpn_select_cb(handle(), choose_application_protocol, nullptr);
    } else {
        (void)SSL_CTX_set_alpn_protos(handle(), reinterpret_cast<const unsigned char*>(list.data()), static_cast<unsigned>(list.size()));
    }
}

void Context::accept_early_data(bool on) { (void)SSL_CTX_set_max_early_data(handle(), on ? early_bytes_max : 0); }

void Context::set_session_timeout(std::chrono::seconds timeout) { SSL_CTX_set_timeout(handle(), timeout.count()); }

void Context::set_session_cache(Caching caching, std::uint64_t sessions_max) {
    if (caching == Caching::off) {
        SSL_CTX_set_session_cache_mode(handle(), SSL_SESS_CACHE_OFF);
    } else if (caching == Caching::none) {
        SSL_CTX_set_session_cache_mode(handle(), SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL_STORE | SSL_SESS_CACHE_NO_AUTO_CLEAR);
    } else {
        SSL_CTX_set_session_cache_mode(handle(), SSL_SESS_CACHE_SERVER);
        if (sessions_max > 0) SSL_CTX_sess_set_cache_size(handle(), static_cast<long>(sessions_max));
    }
}

void Context::share_sessions(SessionCache& cache) {
    state_of(handle())->session_cache = &cache;
    use_session_cache(handle());
}

void Context::allow_tickets(bool on) {
    if (on) {
        SSL_CTX_clear_options(handle(), SSL_OP_NO_TICKET);
    } else {
        SSL_CTX_set_options(handle(), SSL_OP_NO_TICKET);
    }
}

void Context::add_ticket_key(const TicketKey& key) { state_of(handle())->ticket_keys.push_back(key); }

void Context::set_session_identity(std::string_view words) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    (void)EVP_Digest(words.data(), words.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
    (void)SSL_CTX_set_session_id_context(handle(), digest.data(), static_cast<unsigned>(digest.size()));
}

}  // namespace webserv::tls
