// tls/stream_handshake.cpp: the handshake, early data included, and the goodbye.
// A request in early data (RFC 8446 section 4.2.10) is answered before the handshake is over; reading on ends it.
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <array>
#include <utility>

#include "tls/failure.hpp"
#include "tls/stream_parts.hpp"

namespace webserv::tls {

using io::Attempt;
using io::Readiness;

namespace {

// Steps of OpenSSL's machine after the handshake; new keys (RFC 8446 section 4.6.3) are one, or three if ours shall change as well. Who
// means well changes them after millions of records; a flood of such messages costs us more than the client, and nobody above sees it.
constexpr unsigned disturbances_max = 100;

}  // namespace

void Stream::leave_out(const char* application_protocol) noexcept {
    if (session_) SSL_set_app_data(session_.get(), const_cast<char*>(application_protocol));  // only read: see the context's choice
}

void Stream::ask_for_certificates(CertificateSource& source) {
    const auto ask = [](SSL* session, void* asked) {
        const auto& stream = *static_cast<const Stream*>(BIO_get_data(SSL_get_rbio(session)));
        return static_cast<CertificateSource*>(asked)->provide(stream) ? 1 : 0;
    };
    if (session_) SSL_set_cert_cb(session_.get(), ask, &source);
}

Outcome Stream::expect_server(const std::string& name) {
    forget_failures();
    X509_VERIFY_PARAM* const expected = SSL_get0_param(session_.get());
    if (X509_VERIFY_PARAM_set1_ip_asc(expected, name.c_str()) == 1) return {};
    forget_failures();
    if (SSL_set_tlsext_host_name(session_.get(), name.c_str()) == 1 && SSL_set1_host(session_.get(), name.c_str()) == 1) return {};
    return std::unexpected{take_failure("SSL_set1_host()")};
}

std::unexpected<Error> Stream::fail_handshake(int error) {
    if (rare_ && rare_->inner_error) {
        failed_ = true;
        return std::unexpected{*std::exchange(rare_->inner_error, std::nullopt)};
    }
    if (error != SSL_ERROR_SSL) return fail(std::errc::connection_aborted, "SSL handshake");
    const long verified = SSL_get_verify_result(session_.get());
    rare().failure = take_failure("SSL_do_handshake()");
    if (!is_server_ && verified != X509_V_OK) rare().failure += std::string{": "} + X509_verify_cert_error_string(verified);
    return fail(std::errc::protocol_error, "SSL handshake");
}

void Stream::abuse(std::string_view how) {
    if (!std::exchange(abused_, true)) rare().failure = how;
}

void Stream::on_event(const ssl_st* session, int where, int what) {
    auto& stream = *static_cast<Stream*>(BIO_get_data(SSL_get_rbio(session)));
    if (!stream.established_ || stream.early_data_ != EarlyData::none) return;
    if (where == SSL_CB_WRITE_ALERT && (what & 0xFF) == SSL_AD_NO_RENEGOTIATION) stream.abuse("SSL renegotiation disabled");
    if (where == SSL_CB_ACCEPT_LOOP && ++stream.disturbances_ > disturbances_max) stream.abuse("client changes keys too often");
}

bool Stream::is_early() const noexcept {
    return (early_data_ == EarlyData::open || early_data_ == EarlyData::ended) && SSL_is_init_finished(session_.get()) == 0;
}

/// @return SSL_get_error()'s word; none: the handshake is over, or early data is there
int Stream::shake_hands() {
    if (early_data_ == EarlyData::expected) {
        char octet = 0;
        std::size_t count = 0;
        const int outcome = SSL_read_early_data(session_.get(), &octet, 1, &count);
        if (outcome == SSL_READ_EARLY_DATA_ERROR) return SSL_get_error(session_.get(), 0);
        early_data_ = EarlyData::none;
        if (outcome == SSL_READ_EARLY_DATA_SUCCESS) {
            early_data_ = EarlyData::open;
            rare().first_early = octet;
            return SSL_ERROR_NONE;
        }
    }
    const int outcome = SSL_do_handshake(session_.get());
    return outcome == 1 ? SSL_ERROR_NONE : SSL_get_error(session_.get(), outcome);
}

/// As decrypt(): early data, and what comes behind it; between them the handshake ends.
int Stream::decrypt_early(std::span<char> into, std::size_t& count) {
    if (rare_ && rare_->first_early && !into.empty()) {
        into.front() = *std::exchange(rare_->first_early, std::nullopt);
        count = 1;
        return SSL_ERROR_NONE;
    }
    if (early_data_ == EarlyData::open) {
        const int outcome = SSL_read_early_data(session_.get(), into.data(), into.size(), &count);
        if (outcome == SSL_READ_EARLY_DATA_SUCCESS) return SSL_ERROR_NONE;
        if (outcome == SSL_READ_EARLY_DATA_ERROR) return SSL_get_error(session_.get(), 0);
        early_data_ = EarlyData::ended;
    }
    const int outcome = SSL_read_ex(session_.get(), into.data(), into.size(), &count);
    const int error = outcome == 1 ? SSL_ERROR_NONE : SSL_get_error(session_.get(), outcome);
    if (SSL_is_init_finished(session_.get()) == 1) early_data_ = EarlyData::none;
    return error;
}

// What else has come is dropped: nobody wants it any more. OpenSSL bounds what may come early.
bool Stream::finish_handshake() {
    std::array<char, 1024> dropped{};
    Gathering& gathering = begin_gathering();
    int error = SSL_ERROR_NONE;
    while (is_early() && error == SSL_ERROR_NONE) {
        std::size_t count = 0;
        error = decrypt(dropped, count);
    }
    if (!gathering.cipher.empty()) rare().unsent.assign(gathering.cipher);
    starved_ = error == SSL_ERROR_WANT_READ;
    if (error != SSL_ERROR_NONE && !starved_) failed_ = true;
    return !is_early() || failed_;
}

Result<Attempt> Stream::try_handshake() {
    if (failed_) return fail(std::errc::protocol_error, "SSL handshake");
    if (has_unsent()) {
        const auto flushed = flush_unsent();
        if (!flushed) return std::unexpected{flushed.error()};
        if (has_unsent()) return Attempt{.blocked_on = Readiness::writable};
    }
    Gathering& gathering = begin_gathering();
    starved_ = false;
    const int error = shake_hands();
    established_ = error == SSL_ERROR_NONE;
    if (established_) SSL_set_cert_cb(session_.get(), nullptr, nullptr);  // whoever was asked may end now
    if (established_ && is_server_ && SSL_version(session_.get()) == TLS1_3_VERSION) {
        // The client needs none of this to speak: it leaves with the first response.
        if (!gathering.cipher.empty()) rare().unsent.assign(gathering.cipher);
        forget_rare();
        return Attempt{};
    }
    starved_ = error == SSL_ERROR_WANT_READ;
    const auto flushed = flush(gathering.cipher);
    if (error != SSL_ERROR_NONE && error != SSL_ERROR_WANT_READ) return fail_handshake(error);
    if (!flushed) return std::unexpected{flushed.error()};
    if (has_unsent()) return Attempt{.blocked_on = Readiness::writable};
    return Attempt{.blocked_on = established_ ? Readiness::none : Readiness::readable};
}

// What a client says to end its handshake would meet a closed socket, and the RST for it would destroy what has not been read yet.
Result<Attempt> Stream::say_goodbye() {
    if (is_early() && !said_goodbye_ && !failed_ && !finish_handshake()) return Attempt{.blocked_on = Readiness::readable};
    return say_end();
}

Result<Attempt> Stream::say_end() {
    Result<std::size_t> flushed;
    if (!std::exchange(said_goodbye_, true) && established_ && !failed_) {
        Gathering& gathering = begin_gathering();
        (void)encrypt_held();
        (void)SSL_shutdown(session_.get());
        flushed = flush(gathering.cipher);
    } else if (has_unsent()) {
        flushed = flush_unsent();
    }
    if (!flushed) return std::unexpected{flushed.error()};
    return Attempt{.blocked_on = has_unsent() ? Readiness::writable : Readiness::none};
}

Task<Result<>> handshake(Stream& stream, io::Deadline deadline) {
    for (;;) {
        const auto attempt = stream.try_handshake();
        if (!attempt) co_return std::unexpected{attempt.error()};
        if (attempt->blocked_on == io::Readiness::none) co_return Result<>{};
        const auto ready = co_await stream.ready(attempt->blocked_on, deadline);
        if (!ready) co_return std::unexpected{ready.error()};
    }
}

Task<Result<>> say_goodbye(Stream& stream, io::Deadline deadline) {
    for (;;) {
        const auto attempt = stream.say_goodbye();
        if (!attempt) co_return std::unexpected{attempt.error()};
        if (attempt->blocked_on == io::Readiness::none) co_return Result<>{};
        const auto ready = co_await stream.ready(attempt->blocked_on, deadline);
        if (!ready) co_return std::unexpected{ready.error()};
    }
}

}  // namespace webserv::tls
