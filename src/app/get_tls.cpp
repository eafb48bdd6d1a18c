// app/get_tls.cpp: a context from the options, a handshake, and words for what went wrong with it.
// The exit statuses are curl's: 35, 60 and 77.
#include "app/get_tls.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "sys/file.hpp"
#include "tls/facts.hpp"

namespace webserv::app {
namespace {

constexpr int chain_length_max = 10;  // authorities between a server and one that is trusted: nobody has as many

// For OpenSSL a failure to verify is one among others; for people it is another thing.
GetFailure failure_of(const tls::Stream& stream, const Error& error, const GetOptions& options, const std::string& host) {
    if (error.code == std::errc::timed_out) return {GetStatus::timed_out, fmt::format("{}: the TLS handshake took too long", host)};
    const tls::Verdict verdict = tls::verdict_of(stream);
    if (!verdict.is_good && !options.insecure && error.code == std::errc::protocol_error) {
        return {GetStatus::untrusted,
                fmt::format("{}: its certificate is not to be trusted: {}; --cacert FILE trusts another authority", host, verdict.reason)};
    }
    const std::string_view detail = stream.failure();
    return {GetStatus::no_tls,
            fmt::format("{}: no TLS connection: {}", host, detail.empty() ? webserv::describe(error) : std::string{detail})};
}

class Messages final : public tls::MessageObserver {
public:
    explicit Messages(GetTrace& trace) : trace_{trace} {}
    void message(bool sent, std::string_view name, std::size_t octets) override {
        trace_.note(fmt::format("TLS {} {}, {} octets", sent ? "->" : "<-", name, octets));
    }

private:
    GetTrace& trace_;
};

}  // namespace

Got<tls::Context> tls_context(const GetOptions& options) {
    auto context = tls::Context::create(tls::Context::Role::client);
    if (!context) return get_failure(GetStatus::no_tls, context.error());
    constexpr std::string_view spoken[] = {"http/1.1"};
    context->set_application_protocols(spoken);
    if (options.insecure) return std::move(*context);
    if (!options.authorities.empty()) {
        const auto pem = sys::read_whole(options.authorities.c_str());
        if (!pem)
            return get_failure(GetStatus::bad_authorities,
                               fmt::format("{} can not be read: {}", options.authorities, webserv::describe(pem.error())));
        if (const auto trusted = context->trust(*pem, options.authorities, false); !trusted) {
            return get_failure(GetStatus::bad_authorities, trusted.error());
        }
    } else if (const auto trusted = context->trust_system(); !trusted) {
        return get_failure(GetStatus::bad_authorities, trusted.error());
    }
    context->set_verify(tls::Verify::on, chain_length_max);
    return std::move(*context);
}

Task<Got<std::unique_ptr<tls::Stream>>> secure(io::Stream& socket, const tls::Context& context, const GetOptions& options, std::string host,
                                               io::Deadline deadline, GetTrace* trace) {
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    auto stream = std::make_unique<tls::Stream>(socket, context);
    if (const auto expected = stream->expect_server(host); !expected) co_return get_failure(GetStatus::no_tls, expected.error());
    std::optional<Messages> messages;
    if (trace != nullptr) {
        messages.emplace(*trace);
        stream->observe(&*messages);
    }
    const auto done = co_await tls::handshake(*stream, deadline);
    stream->observe(nullptr);
    if (!done) co_return std::unexpected{failure_of(*stream, done.error(), options, host)};
    co_return stream;
}

std::string describe(const tls::Stream& stream) {
    const std::string subject = tls::peer_subject(stream).value_or("no certificate");
    const std::string issuer = tls::peer_issuer(stream).value_or("nobody");
    return fmt::format("{}, {}, {}; {}, issued by {}", tls::protocol_of(stream), tls::cipher_of(stream), tls::curve_of(stream), subject,
                       issuer);
}

}  // namespace webserv::app
