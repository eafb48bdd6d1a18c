// server/tls_exchange.cpp: what a request has to do with the connection's encryption: whether it may be answered, and the $ssl_ variables.
// nginx's own codes 495 to 497 are shown as 400; `error_page` can take them.
#include <fmt/format.h>

#include <string>

#include "base/text.hpp"
#include "http/escape.hpp"
#include "server/core_modules.hpp"
#include "server/exchange.hpp"
#include "server/tls_settings.hpp"
#include "tls/facts.hpp"

namespace webserv::server {

using observe::Level;

std::string_view server_name_of_handshake(Exchange& exchange) {
    const tls::Stream* const stream = exchange.connection.tls.get();
    return stream != nullptr ? exchange.arena.lower(tls::server_name_of(*stream)) : std::string_view{};
}

Outcome check_tls(Exchange& exchange) {
    const tls::Stream* const stream = exchange.connection.tls.get();
    if (stream == nullptr) {
        exchange.log(Level::info, "client sent plain HTTP request to HTTPS port");
        return Outcome::status(497);
    }
    const auto& settings = exchange.host->settings.get<TlsSettings>();
    if (settings.verify == tls::Verify::off) return Outcome::declined();
    // The certificate was asked for by the server that the handshake meant: another one's would be none.
    const std::string_view meant = server_name_of_handshake(exchange);
    if (!meant.empty() && meant != exchange.host_name) {
        exchange.log(Level::info, "client attempted to request the server name different from the one that was negotiated");
        return Outcome::status(421);
    }
    const tls::Verdict verdict = tls::verdict_of(*stream);
    const bool minds = settings.verify != tls::Verify::optional_any || !verdict.is_about_authority;
    if (!verdict.is_good && minds) {
        exchange.log(Level::info, fmt::format("client SSL certificate verify error: ({}:{})", verdict.code, verdict.reason));
        tls::forget_session(*stream);
        return Outcome::status(495);
    }
    if (settings.verify == tls::Verify::on && !verdict.has_certificate) {
        exchange.log(Level::info, "client sent no required SSL certificate");
        tls::forget_session(*stream);
        return Outcome::status(496);
    }
    return Outcome::declined();
}

namespace {

using Value = std::optional<std::string_view>;

// nginx: no value without TLS, and none where there is nothing to say.
template <auto Fact>
Value fact(Exchange& exchange, std::string_view) {
    const tls::Stream* const stream = exchange.connection.tls.get();
    if (stream == nullptr) return std::nullopt;
    const auto& text = Fact(*stream);
    return text.empty() ? Value{} : Value{exchange.arena.copy(text)};
}

template <auto Fact>
std::optional<std::string> of_peer(Exchange& exchange) {
    const tls::Stream* const stream = exchange.connection.tls.get();
    return stream != nullptr ? Fact(*stream) : std::nullopt;
}

template <auto Fact>
Value peer_fact(Exchange& exchange, std::string_view) {
    const auto text = of_peer<Fact>(exchange);
    return text ? Value{exchange.arena.copy(*text)} : Value{};
}

std::string without_last_line_end(std::string pem) {
    if (pem.ends_with('\n')) pem.pop_back();
    return pem;
}

// As a field's value once was written: each line but the first begins with a tab.
Value certificate(Exchange& exchange, std::string_view) {
    const auto pem = of_peer<tls::peer_certificate>(exchange);
    if (!pem) return std::nullopt;
    std::string folded;
    for (const char c : without_last_line_end(*pem)) {
        folded += c;
        if (c == '\n') folded += '\t';
    }
    return exchange.arena.copy(folded);
}

Value raw_certificate(Exchange& exchange, std::string_view) {
    const auto pem = of_peer<tls::peer_certificate>(exchange);
    return pem ? Value{exchange.arena.copy(*pem)} : Value{};
}

// As in a query: everything but letters, digits and -._~ is escaped.
Value escaped_certificate(Exchange& exchange, std::string_view) {
    const auto pem = of_peer<tls::peer_certificate>(exchange);
    if (!pem) return std::nullopt;
    std::string escaped;
    http::append_component(escaped, *pem);
    return exchange.arena.copy(escaped);
}

Value verification(Exchange& exchange, std::string_view) {
    const tls::Stream* const stream = exchange.connection.tls.get();
    if (stream == nullptr) return std::nullopt;
    const tls::Verdict verdict = tls::verdict_of(*stream);
    if (!verdict.has_certificate) return "NONE";
    return verdict.is_good ? Value{"SUCCESS"} : Value{exchange.arena.copy(fmt::format("FAILED:{}", verdict.reason))};
}

Value reused(Exchange& exchange, std::string_view) {
    const tls::Stream* const stream = exchange.connection.tls.get();
    if (stream == nullptr) return std::nullopt;
    return tls::is_resumed(*stream) ? "r" : ".";
}

Value early_data(Exchange& exchange, std::string_view) { return exchange.connection.is_early() ? Value{"1"} : Value{}; }

constexpr Variable variables[] = {
    {.name = "ssl_alpn_protocol", .get = fact<tls::application_protocol_of>},
    {.name = "ssl_cipher", .get = fact<tls::cipher_of>},
    {.name = "ssl_ciphers", .get = fact<tls::offered_ciphers_of>},
    {.name = "ssl_client_cert", .get = certificate},
    {.name = "ssl_client_escaped_cert", .get = escaped_certificate},
    {.name = "ssl_client_fingerprint", .get = peer_fact<tls::peer_fingerprint>},
    {.name = "ssl_client_i_dn", .get = peer_fact<tls::peer_issuer>},
    {.name = "ssl_client_i_dn_legacy", .get = peer_fact<tls::peer_issuer_legacy>},
    {.name = "ssl_client_raw_cert", .get = raw_certificate},
    {.name = "ssl_client_s_dn", .get = peer_fact<tls::peer_subject>},
    {.name = "ssl_client_s_dn_legacy", .get = peer_fact<tls::peer_subject_legacy>},
    {.name = "ssl_client_serial", .get = peer_fact<tls::peer_serial>},
    {.name = "ssl_client_sigalg", .get = fact<tls::signature_of_peer>},
    {.name = "ssl_client_v_end", .get = peer_fact<tls::peer_valid_until>},
    {.name = "ssl_client_v_remain", .get = peer_fact<tls::peer_days_left>},
    {.name = "ssl_client_v_start", .get = peer_fact<tls::peer_valid_from>},
    {.name = "ssl_client_verify", .get = verification},
    {.name = "ssl_curve", .get = fact<tls::curve_of>},
    {.name = "ssl_curves", .get = fact<tls::offered_curves_of>},
    {.name = "ssl_early_data", .get = early_data},
    // Encrypted names of servers are for another library: nginx has no values here either.
    {.name = "ssl_ech_outer_server_name", .get = [](Exchange&, std::string_view) { return Value{}; }},
    {.name = "ssl_ech_status", .get = [](Exchange&, std::string_view) { return Value{}; }},
    {.name = "ssl_protocol", .get = fact<tls::protocol_of>},
    {.name = "ssl_server_name", .get = fact<tls::server_name_of>},
    {.name = "ssl_session_id", .get = fact<tls::session_id_of>},
    {.name = "ssl_session_reused", .get = reused},
    {.name = "ssl_sigalg", .get = fact<tls::signature_of>},
    {.name = "ssl_sigalgs", .get = fact<tls::offered_signatures_of>},
};

}  // namespace

constexpr Module tls_variables_module{.name = "ssl variables", .directives = {}, .variables = variables, .handlers = {}, .filters = {}};

}  // namespace webserv::server
