// server/tls_directives.cpp: the ssl_ directives. Where they name files, these are read when the server is complete (tls_contexts.cpp).
// "ssl" in their names is history: what is spoken is TLS.
#include <fmt/format.h>

#include <algorithm>

#include "config/values.hpp"
#include "server/core_modules.hpp"
#include "server/site_builder.hpp"
#include "server/tls_settings.hpp"

namespace webserv::server {
namespace {

using config::Checked;
using config::complain;
using config::Directive;
using config::Scope;
using config::Statement;
namespace arity = config::arity;
namespace context = config::context;

constexpr config::Contexts servers = context::http | context::server;

template <auto Member>
Checked<> add_word(Scope& scope, const Statement& statement) {
    auto& list = scope.settings.own<TlsSettings>().*Member;
    list.add(statement.words.front());
    return {};
}

template <auto Member>
Checked<> store_word(Scope& scope, const Statement& statement) {
    scope.settings.own<TlsSettings>().*Member = statement.words.front();
    return {};
}

Checked<> refuse(const Statement& statement, const config::Word& word) {
    return complain(fmt::format("invalid value \"{}\" in \"{}\" directive", word.text, statement.name.text), word.place);
}

Checked<> apply_protocols(Scope& scope, const Statement& statement) {
    using tls::Protocol;
    constexpr std::pair<std::string_view, Protocol> known[] = {
        {"TLSv1", Protocol::tls1_0}, {"TLSv1.1", Protocol::tls1_1}, {"TLSv1.2", Protocol::tls1_2}, {"TLSv1.3", Protocol::tls1_3}};
    unsigned protocols = 0;
    for (const config::Word& word : statement.words) {
        if (word.text == "SSLv2" || word.text == "SSLv3") {
            builder(scope).warn(fmt::format("\"{}\" is broken and not spoken here, ignored", word.text), word.place);
            continue;
        }
        const auto* const found = std::find_if(std::begin(known), std::end(known), [&](const auto& one) { return one.first == word.text; });
        if (found == std::end(known)) return refuse(statement, word);
        protocols |= static_cast<unsigned>(found->second);
    }
    if (protocols == 0) return complain("\"ssl_protocols\" leaves no protocol to speak", statement.name.place);
    scope.settings.own<TlsSettings>().protocols = protocols;
    return {};
}

Checked<> invalid_cache(const config::Word& word) { return complain(fmt::format("invalid session cache \"{}\"", word.text), word.place); }

Checked<> apply_shared_cache(TlsSettings& settings, const config::Word& word) {
    const std::string_view rest = std::string_view{word.text}.substr(std::string_view{"shared:"}.size());
    const auto colon = rest.find(':');
    const auto size = colon != rest.npos && colon > 0 ? config::parse_size(rest.substr(colon + 1)) : std::nullopt;
    if (!size) return invalid_cache(word);
    if (*size < tls::SessionCache::bytes_min) return complain(fmt::format("session cache \"{}\" is too small", word.text), word.place);
    settings.shared_session_cache = word;
    settings.session_cache_name = rest.substr(0, colon);
    settings.session_cache_bytes = *size;
    return {};
}

Checked<> apply_session_cache(Scope& scope, const Statement& statement) {
    using Caching = tls::Context::Caching;
    auto& settings = scope.settings.own<TlsSettings>();
    settings.session_cache = Caching::none;
    settings.session_cache_max = 0;
    settings.shared_session_cache.reset();
    for (const config::Word& word : statement.words) {
        const std::string_view text = word.text;
        if (text == "off") {
            settings.session_cache = Caching::off;
        } else if (text == "none") {
            settings.session_cache = Caching::none;
        } else if (text == "builtin" || text.starts_with("builtin:")) {
            settings.session_cache = Caching::builtin;
            if (text == "builtin") continue;
            const auto number = config::parse_number(text.substr(8));
            if (!number || *number < 1) return invalid_cache(word);
            settings.session_cache_max = static_cast<std::uint64_t>(*number);
        } else if (text.starts_with("shared:")) {
            if (auto done = apply_shared_cache(settings, word); !done) return done;
        } else {
            return invalid_cache(word);
        }
    }
    return {};
}

Checked<> apply_command(Scope& scope, const Statement& statement) {
    scope.settings.own<TlsSettings>().commands.add({statement.words[0], statement.words[1]});
    return {};
}

Checked<> apply_buffer_size(Scope& scope, const Statement& statement) {
    const auto size = config::parse_size(statement.words.front().text);
    if (!size || *size < 1) return complain("\"ssl_buffer_size\" directive invalid value", statement.words.front().place);
    scope.settings.own<TlsSettings>().record_bytes = std::min<std::uint64_t>(static_cast<std::uint64_t>(*size), tls::record_bytes_max);
    return {};
}

Checked<> apply_handshake_timeout(Scope& scope, const Statement& statement) {
    const auto time = config::parse_time(statement.words.front().text);
    if (!time || time->count() == 0) return complain("\"ssl_handshake_timeout\" directive invalid value", statement.words.front().place);
    scope.settings.own<TlsSettings>().handshake_timeout = *time;
    return {};
}

Checked<> refuse_ssl(Scope&, const Statement& statement) {
    return complain("\"ssl\" directive was removed from nginx", statement.name.place, "write \"listen ... ssl\" instead");
}

// The value of `word` if it is `name=value`, else nothing: an empty one is no value of any parameter.
std::string_view value_of(std::string_view word, std::string_view name) {
    const bool is_it = word.starts_with(name) && word.substr(name.size()).starts_with('=');
    return is_it ? word.substr(name.size() + 1) : std::string_view{};
}

bool take_caching_parameter(CertificateCaching& caching, std::string_view text) {
    if (const auto max = config::parse_number(value_of(text, "max")).value_or(0); max > 0) {
        caching.max = static_cast<std::size_t>(max);
    } else if (const auto inactive = config::parse_time(value_of(text, "inactive"))) {
        caching.inactive = *inactive;
    } else if (const auto valid = config::parse_time(value_of(text, "valid"))) {
        caching.valid = *valid;
    } else {
        return false;
    }
    return true;
}

// As open_file_cache's: max and the times, whose defaults are other ones.
Checked<> apply_certificate_cache(Scope& scope, const Statement& statement) {
    CertificateCaching caching;
    bool off = false;
    for (const config::Word& word : statement.words) {
        if (word.text == "off") {
            off = true;
        } else if (!take_caching_parameter(caching, word.text)) {
            return complain(fmt::format("invalid parameter \"{}\"", word.text), word.place);
        }
    }
    if (off) caching.max = 0;
    if (!off && caching.max == 0) return complain("\"ssl_certificate_cache\" must have the \"max\" parameter", statement.name.place);
    scope.settings.own<TlsSettings>().certificate_caching = caching;
    return {};
}

constexpr config::Choice<tls::Verify> verify_choices[] = {
    {"off", tls::Verify::off}, {"on", tls::Verify::on}, {"optional", tls::Verify::optional}, {"optional_no_ca", tls::Verify::optional_any}};

constexpr Directive directives[] = {
    {.name = "ssl",
     .contexts = servers,
     .takes = arity::flag,
     .apply = refuse_ssl,
     .doc = "Was removed from nginx: it is an error that names `listen ... ssl`, which has replaced it."},
    {.name = "ssl_certificate",
     .contexts = servers,
     .syntax = "file",
     .apply = add_word<&TlsSettings::certificates>,
     .doc =
         "The server's certificate in PEM, with those between it and the authority behind it. May be given once for each kind of key (RSA, "
         "ECDSA): a client gets the one that it understands. Relative to the configuration's folder. Read at start and at reload, "
         "with the rights of the master. With variables in its name (`$ssl_server_name.pem`) it is read in each handshake, with the rights "
         "of the worker; what is wrong with it then fails the handshake. `data:$variable` is no name but the PEM itself.",
     .repeatable = true},
    {.name = "ssl_certificate_key",
     .contexts = servers,
     .syntax = "file",
     .apply = add_word<&TlsSettings::certificate_keys>,
     .doc = "The private key of the certificate named at the same place in the order. PEM.",
     .repeatable = true},
    {.name = "ssl_certificate_cache",
     .contexts = servers,
     .takes = arity::between(1, 3),
     .syntax = "off | max=number [inactive=time] [valid=time]",
     .fallback = "off",
     .apply = apply_certificate_cache,
     .doc = "Whether certificates with variables in their names are kept by each worker, `max` pairs at most; the one unused for longest "
            "goes first. One that nobody has wanted for `inactive` (10s) goes as well; after `valid` (60s) its files are read again."},
    {.name = "ssl_password_file",
     .contexts = servers,
     .syntax = "file",
     .apply = store_word<&TlsSettings::password_file>,
     .doc = "Passwords for encrypted keys, one a line, tried in turn."},
    {.name = "ssl_protocols",
     .contexts = servers,
     .takes = arity::one_or_more,
     .syntax = "[TLSv1] [TLSv1.1] [TLSv1.2] [TLSv1.3]",
     .fallback = "TLSv1.2 TLSv1.3",
     .apply = apply_protocols,
     .doc = "The versions of TLS that are spoken. Each server has its own, also among those that share an address. OpenSSL refuses TLS 1.0 "
            "and "
            "1.1 unless `ssl_ciphers` says `@SECLEVEL=0`."},
    {.name = "ssl_ciphers",
     .contexts = servers,
     .syntax = "ciphers",
     .fallback = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:!aNULL",
     .apply = store_word<&TlsSettings::ciphers>,
     .doc = "The cipher suites of TLS 1.2 and before, as `openssl ciphers` lists them. Unlike nginx's, the default has only those with "
            "forward "
            "secrecy and authenticated encryption. Those of TLS 1.3: `ssl_conf_command Ciphersuites`."},
    {.name = "ssl_prefer_server_ciphers",
     .contexts = servers,
     .takes = arity::flag,
     .fallback = "on",
     .apply = config::store_flag<&TlsSettings::prefer_server_ciphers>,
     .doc =
         "Whether our order of ciphers counts rather than the client's. If so, a client that would rather have ChaCha20 than AES, as one "
         "without instructions for AES does, still gets it. nginx's default is `off`."},
    {.name = "ssl_ecdh_curve",
     .contexts = servers,
     .syntax = "auto | curve[:curve ...]",
     .fallback = "auto",
     .apply = store_word<&TlsSettings::curves>,
     .doc = "The groups for the key exchange, best first, e.g. `X25519:prime256v1`. `auto`: OpenSSL's."},
    {.name = "ssl_dhparam",
     .contexts = servers,
     .syntax = "file",
     .apply = store_word<&TlsSettings::dh_parameters>,
     .doc = "Parameters for the DHE ciphers of TLS 1.2, which are not used without. PEM."},
    {.name = "ssl_conf_command",
     .contexts = servers,
     .takes = arity::two,
     .syntax = "name value",
     .apply = apply_command,
     .doc = "A command of OpenSSL's, as SSL_CONF_cmd(3) lists them; e.g. `ssl_conf_command Ciphersuites TLS_CHACHA20_POLY1305_SHA256`. Not "
            "those that name files.",
     .repeatable = true},
    {.name = "ssl_buffer_size",
     .contexts = servers,
     .syntax = "size",
     .fallback = "16k",
     .apply = apply_buffer_size,
     .doc =
         "What a record may hold. The first ones of a connection, and the first after a pause, are small in any case: a browser can begin "
         "with them before the next segment has come."},
    {.name = "ssl_session_cache",
     .contexts = servers,
     .takes = arity::between(1, 2),
     .syntax = "off | none | [builtin[:size]] [shared:name:size]",
     .fallback = "none",
     .apply = apply_session_cache,
     .doc = "Where sessions are kept for clients that come back without a ticket. `off` says that they are not; `none` says nothing, and "
            "keeps "
            "none; `builtin`: each worker keeps its own, as many as `size`; `shared`: all workers share them, in `size` octets. A cache "
            "keeps its "
            "sessions through reloads, and servers that name the same one share it. Of another size it begins anew. All together may have "
            "256 MiB; after reloads that made them larger in turn, some of it may be lost until a restart."},
    {.name = "ssl_session_timeout",
     .contexts = servers,
     .syntax = "time",
     .fallback = "5m",
     .apply = config::store_seconds<&TlsSettings::session_timeout>,
     .doc = "How long a session may be resumed."},
    {.name = "ssl_session_tickets",
     .contexts = servers,
     .takes = arity::flag,
     .fallback = "on",
     .apply = config::store_flag<&TlsSettings::session_tickets>,
     .doc = "Whether a client gets its session as a ticket, which only we can read. The keys are made by ourselves, shared by all workers, "
            "kept "
            "through reloads, and new every three hours."},
    {.name = "ssl_session_ticket_key",
     .contexts = servers,
     .syntax = "file",
     .apply = add_word<&TlsSettings::session_ticket_keys>,
     .doc = "A file with 80 octets (or 48) to make tickets with instead, for several machines that share them. The first file seals, all "
            "of them "
            "open. Such keys do not rotate by themselves.",
     .repeatable = true},
    {.name = "ssl_early_data",
     .contexts = servers,
     .takes = arity::flag,
     .fallback = "off",
     .apply = config::store_flag<&TlsSettings::early_data>,
     .doc =
         "Whether a client that comes back may send its request together with its hello, before the handshake (TLS 1.3, 0-RTT), up to "
         "16 KiB. Whoever has recorded such a request can send it once more: where that would do harm, `$ssl_early_data` tells which they "
         "are."},
    {.name = "ssl_reject_handshake",
     .contexts = servers,
     .takes = arity::flag,
     .fallback = "off",
     .apply = config::store_flag<&TlsSettings::reject_handshake>,
     .doc =
         "Whether handshakes that mean this server are refused (unrecognized_name). In the default server: those with names that no server "
         "has, and those without one. Needs no certificate."},
    {.name = "ssl_handshake_timeout",
     .contexts = servers,
     .syntax = "time",
     .apply = apply_handshake_timeout,
     .doc =
         "How long a client may take for the handshake. Unless it is said, as long as for the head of a request (`client_header_timeout`), "
         "as in nginx, which knows this directive for `stream` only."},
    {.name = "ssl_verify_client",
     .contexts = servers,
     .syntax = "on | off | optional | optional_no_ca",
     .fallback = "off",
     .apply = config::store_choice<&TlsSettings::verify, verify_choices>,
     .doc =
         "Whether the client is asked for a certificate. `on`: it has to have one (496) that somebody in `ssl_client_certificate` or "
         "`ssl_trusted_certificate` vouches for (495). `optional`: if it has one, it is checked. `optional_no_ca`: whoever has signed it; "
         "`$ssl_client_verify` tells."},
    {.name = "ssl_verify_depth",
     .contexts = servers,
     .syntax = "number",
     .fallback = "1",
     .apply = config::store_number<&TlsSettings::verify_depth, 0, 100>,
     .doc = "How many authorities may stand between a client's certificate and one that we trust."},
    {.name = "ssl_client_certificate",
     .contexts = servers,
     .syntax = "file",
     .apply = store_word<&TlsSettings::client_certificate>,
     .doc = "The authorities that may vouch for clients. PEM. Their names are sent to the client."},
    {.name = "ssl_trusted_certificate",
     .contexts = servers,
     .syntax = "file",
     .apply = store_word<&TlsSettings::trusted_certificate>,
     .doc = "More of them, whose names are not sent. PEM."},
    {.name = "ssl_stapling",
     .contexts = servers,
     .takes = arity::flag,
     .fallback = "off",
     .apply = config::store_flag<&TlsSettings::stapling>,
     .doc = "Whether clients that want it get word of the authority that the certificate has not been revoked (OCSP). Each worker asks the "
            "responder that the certificate names, from its start on, once an hour at least and five minutes before the answer expires; "
            "after a failure, which is logged, again after five minutes. No handshake waits for it, and an answer that has expired is not "
            "stapled. The issuer's certificate is looked for in the file of the certificate, then among `ssl_trusted_certificate`. A "
            "certificate that has no responder or no issuer there, as most name no responder any more, is served without, with a warning. "
            "Names of responders are resolved as `resolver` says."},
    {.name = "ssl_stapling_file",
     .contexts = servers,
     .syntax = "file",
     .apply = store_word<&TlsSettings::stapling_file>,
     .doc =
         "What is stapled instead of asking: an OCSP response in DER, as `openssl ocsp -respout` writes it. Read at start and at reload; "
         "it is not verified."},
    {.name = "ssl_stapling_responder",
     .contexts = servers,
     .syntax = "url",
     .apply = store_word<&TlsSettings::stapling_responder>,
     .doc = "The responder to ask, whatever the certificate says: `http://host[:port]/path`. Others than `http` are not asked, which is a "
            "warning: what a responder says is signed anyway."},
    {.name = "ssl_stapling_verify",
     .contexts = servers,
     .takes = arity::flag,
     .fallback = "off",
     .apply = config::store_flag<&TlsSettings::stapling_verify>,
     .doc = "Whether an answer is stapled only if its signer may speak for the authority: it is the issuer itself, in the certificate's "
            "file or trusted, or one whom the issuer has appointed; then the certificates up to the root have to be in "
            "`ssl_trusted_certificate`. Without it the signature is checked, but not whose it is: clients do that."},
    {.name = "ssl_crl",
     .contexts = servers,
     .syntax = "file",
     .apply = store_word<&TlsSettings::revocations>,
     .doc = "Lists of revoked certificates, of all authorities in a client's chain. PEM."},
};

}  // namespace

constexpr Module tls_module{.name = "ssl", .directives = directives, .variables = {}, .handlers = {}, .filters = {}};

}  // namespace webserv::server
