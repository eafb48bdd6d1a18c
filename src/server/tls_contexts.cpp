// server/tls_contexts.cpp: from a server's ssl_ directives to an OpenSSL context: files through the loader, each failure with its place.
// Servers that inherit the same settings share one: a thousand names on one certificate cost one.
#include <fmt/format.h>

#include <set>
#include <string>
#include <vector>

#include "http/url.hpp"
#include "server/site_builder.hpp"
#include "server/tls_settings.hpp"

namespace webserv::server {
namespace {

using config::Checked;
using config::complain;
using config::Word;

class Maker {
public:
    Maker(SiteBuilder& builder, const TlsSettings& settings, tls::Context& context)
        : builder_{builder}, settings_{settings}, context_{context} {}

    [[nodiscard]] Checked<> make() {
        for (const auto step : {&Maker::add_certificates, &Maker::set_ciphers, &Maker::set_sessions, &Maker::set_trust,
                                &Maker::set_stapling, &Maker::run_commands}) {
            if (auto done = (this->*step)(); !done) return done;
        }
        context_.set_session_identity(identity_);
        constexpr std::string_view spoken[] = {"h2", "http/1.1", "http/1.0", "http/0.9"};
        context_.set_application_protocols(spoken);
        return {};
    }

    [[nodiscard]] std::shared_ptr<NamedCertificates> take_named() { return std::move(named_); }

private:
    Checked<std::string> read(const Word& word, std::string_view doing) {
        if (word.text.starts_with("data:")) return word.text.substr(5);
        const std::string path = builder_.absolute_in_conf(word.text);
        auto octets = builder_.loader().read(path);
        if (!octets) {
            const Error& error = octets.error();
            return complain(
                fmt::format("{} \"{}\": {}() failed {}", doing, path, error.doing, describe_errno(static_cast<int>(error.code))),
                word.place);
        }
        return std::move(*octets);
    }
    Checked<> check(const tls::Outcome& outcome, const Word& word) {
        if (outcome) return {};
        return complain(outcome.error(), word.place);
    }

    Checked<std::vector<std::string>> read_passwords() {
        std::vector<std::string> passwords;
        if (!settings_.password_file) return passwords;
        auto text = read(*settings_.password_file, "cannot load passwords");
        if (!text) return std::unexpected{text.error()};
        for (std::size_t begin = 0; begin < text->size();) {
            const std::size_t end = std::min(text->find('\n', begin), text->size());
            std::string line = text->substr(begin, end - begin);
            if (line.ends_with('\r')) line.pop_back();
            if (!line.empty()) passwords.push_back(std::move(line));
            begin = end + 1;
        }
        return passwords;
    }

    // Each handshake evaluates and reads them; all that can be wrong already is the names.
    Checked<> add_named(const Word& certificate, const Word& key, const std::vector<std::string>& passwords) {
        if (!named_) {
            named_ = std::make_shared<NamedCertificates>(builder_.absolute_in_conf(""), passwords, settings_.certificate_caching);
        }
        auto& variables = builder_.site().variables;
        auto chain = config::Expression::compile(certificate, variables);
        if (!chain) return std::unexpected{chain.error()};
        auto secret = config::Expression::compile(key, variables);
        if (!secret) return std::unexpected{secret.error()};
        if (variables.take_needs_content()) return complain("there is no request content in a handshake", certificate.place);
        identity_ += certificate.text;  // as in nginx: the names, whatever they stand for
        named_->add(std::move(*chain), std::move(*secret));
        return {};
    }
    Checked<> add_certificates() {
        const auto passwords = read_passwords();
        if (!passwords) return std::unexpected{passwords.error()};
        const auto& keys = settings_.certificate_keys.entries();
        std::size_t index = 0;
        for (const Word& certificate : settings_.certificates) {
            const Word& key = keys[index++];
            for (const Word* const word : {&certificate, &key}) {
                if (word->text.starts_with("engine:") || word->text.starts_with("store:")) {
                    return complain(
                        fmt::format("\"{}\" is not supported by webserv yet: name a file", word->text.substr(0, word->text.find(':') + 1)),
                        word->place);
                }
            }
            if (certificate.text.find('$') != std::string::npos || key.text.find('$') != std::string::npos) {
                if (auto done = add_named(certificate, key, *passwords); !done) return done;
                continue;
            }
            const auto chain = read(certificate, "cannot load certificate");
            if (!chain) return std::unexpected{chain.error()};
            const auto secret = read(key, "cannot load certificate key");
            if (!secret) return std::unexpected{secret.error()};
            identity_ += *chain;  // as in nginx: whoever has the same certificates and asks the same of clients may resume a session
            const std::string chain_name = builder_.absolute_in_conf(certificate.text), key_name = builder_.absolute_in_conf(key.text);
            const auto used = context_.use_certificate(
                {.chain = *chain, .chain_name = chain_name, .key = *secret, .key_name = key_name, .passwords = *passwords});
            if (!used) return complain(used.error(), used.error().find("key") != std::string::npos ? key.place : certificate.place);
        }
        return {};
    }

    Checked<> set_ciphers() {
        const auto protocols = context_.set_protocols(settings_.protocols);
        if (!protocols) return complain(protocols.error(), {});
        if (settings_.ciphers) {
            if (auto done = check(context_.set_ciphers(settings_.ciphers->text), *settings_.ciphers); !done) return done;
        }
        context_.prefer_own_ciphers(settings_.prefer_server_ciphers);
        if (settings_.curves) {
            if (auto done = check(context_.set_curves(settings_.curves->text), *settings_.curves); !done) return done;
        }
        if (!settings_.dh_parameters) return {};
        const Word& word = *settings_.dh_parameters;
        const auto parameters = read(word, "cannot load dhparam");
        if (!parameters) return std::unexpected{parameters.error()};
        return check(context_.set_dh_parameters(*parameters, builder_.absolute_in_conf(word.text)), word);
    }

    Checked<> share_sessions(const Word& word) {
        auto checked = builder_.declare_session_cache(settings_.session_cache_name, settings_.session_cache_bytes, word);
        if (!checked) return checked;
        tls::SessionCache* const cache = tls::session_cache(settings_.session_cache_name, settings_.session_cache_bytes);
        if (cache == nullptr) return complain(fmt::format("no room for the session cache \"{}\"", word.text), word.place);
        context_.share_sessions(*cache);
        return {};
    }
    Checked<> set_sessions() {
        context_.set_session_cache(settings_.session_cache, settings_.session_cache_max);
        if (settings_.shared_session_cache) {
            if (auto done = share_sessions(*settings_.shared_session_cache); !done) return done;
        }
        context_.set_session_timeout(settings_.session_timeout);
        context_.allow_tickets(settings_.session_tickets);
        context_.accept_early_data(settings_.early_data);
        for (const Word& word : settings_.session_ticket_keys) {
            const auto octets = read(word, "cannot load session ticket key");
            if (!octets) return std::unexpected{octets.error()};
            const auto key = tls::parse_ticket_key(*octets);
            if (!key) {
                return complain(fmt::format("\"{}\" must be 48 or 80 bytes", builder_.absolute_in_conf(word.text)), word.place);
            }
            context_.add_ticket_key(*key);
        }
        return {};
    }

    Checked<> trust(const std::optional<Word>& word, bool sent) {
        if (!word) return {};
        const auto pem = read(*word, "cannot load trusted certificates");
        if (!pem) return std::unexpected{pem.error()};
        identity_ += *pem;
        trusted_ += *pem;
        return check(context_.trust(*pem, builder_.absolute_in_conf(word->text), sent), *word);
    }
    Checked<> set_trust() {
        if (auto done = trust(settings_.client_certificate, true); !done) return done;
        if (auto done = trust(settings_.trusted_certificate, false); !done) return done;
        if (settings_.revocations) {
            const Word& word = *settings_.revocations;
            const auto pem = read(word, "cannot load revocations");
            if (!pem) return std::unexpected{pem.error()};
            trusted_ += *pem;
            identity_ += *pem;  // a session is not asked again whether its certificate is revoked
            if (auto done = check(context_.add_revocations(*pem, builder_.absolute_in_conf(word.text)), word); !done) return done;
        }
        const bool needs_authority = settings_.verify == tls::Verify::on || settings_.verify == tls::Verify::optional;
        if (needs_authority && !settings_.client_certificate && !settings_.trusted_certificate) {
            return complain("no ssl_client_certificate for ssl_verify_client", settings_.certificates.begin()->place);
        }
        context_.set_verify(settings_.verify, settings_.verify_depth);
        identity_ += fmt::format("verify {} {}", static_cast<int>(settings_.verify), settings_.verify_depth);
        return {};
    }

    // What cannot be asked is no error, as in nginx: the certificate is as good as without.
    void staple_for(std::shared_ptr<tls::CertificateStatus> status, const config::Place& place) {
        const auto ignore = [&](std::string_view why) {
            builder_.warn(fmt::format("\"ssl_stapling\" ignored, {} in OCSP responder \"{}\" in the certificate \"{}\"", why,
                                      status->responder(), status->name()),
                          place);
        };
        const auto url = http::parse_url(status->responder());
        if (!status->responder().starts_with("http://")) return ignore("invalid URL prefix");
        if (!url) return ignore(http::describe(url.error()));
        context_.staple_for(std::move(status));
    }
    Checked<> set_stapling() {
        if (!settings_.stapling) return {};
        const config::Place& place = settings_.certificates.begin()->place;
        if (settings_.stapling_file) {
            const Word& word = *settings_.stapling_file;
            const auto response = read(word, "cannot load OCSP response");
            if (!response) return std::unexpected{response.error()};
            return check(context_.set_stapled(*response, builder_.absolute_in_conf(word.text)), word);
        }
        if (named_) builder_.warn("\"ssl_stapling\" ignored for certificates with variables in their names", place);
        for (auto& status :
             context_.askable({.responder = settings_.stapling_responder ? settings_.stapling_responder->text : std::string{},
                               .verify = settings_.stapling_verify,
                               .trust = trusted_})) {
            if (status) {
                staple_for(std::move(*status), place);
            } else {
                builder_.warn(fmt::format("\"ssl_stapling\" ignored, {}", status.error()), place);
            }
        }
        return {};
    }

    Checked<> run_commands() {
        for (const auto& [name, value] : settings_.commands) {
            identity_ += fmt::format("{} {}\n", name.text, value.text);
            if (auto done = check(context_.command(name.text, value.text), value); !done) return done;
        }
        return {};
    }

    SiteBuilder& builder_;
    const TlsSettings& settings_;
    tls::Context& context_;
    std::string identity_;
    std::string trusted_;  // all that decides whom to believe
    std::shared_ptr<NamedCertificates> named_;
};

}  // namespace

Checked<MadeTls> make_tls_context(SiteBuilder& builder, const TlsSettings& settings) {
    if (settings.certificates.empty()) return MadeTls{};
    const Word& last = settings.certificates.entries().back();
    if (settings.certificate_keys.entries().size() < settings.certificates.entries().size()) {
        return complain(fmt::format("no \"ssl_certificate_key\" is defined for certificate \"{}\"", last.text), last.place);
    }
    auto context = tls::Context::create(tls::Context::Role::server);
    if (!context) return complain(context.error(), last.place);
    Maker maker{builder, settings, *context};
    if (auto made = maker.make(); !made) return std::unexpected{made.error()};
    return MadeTls{std::make_shared<const tls::Context>(std::move(*context)), maker.take_named()};
}

Checked<> SiteBuilder::declare_session_cache(const std::string& name, std::uint64_t bytes, const Word& word) {
    const auto [known, is_new] = session_caches_.emplace(name, bytes);
    if (is_new || known->second == bytes) return {};
    return complain(
        fmt::format("the size {} of shared memory zone \"{}\" conflicts with already declared size {}", bytes, name, known->second),
        word.place);
}

void SiteBuilder::keep_declared_session_caches() const {
    std::set<std::string, std::less<>> names;
    for (const auto& [name, bytes] : session_caches_) names.insert(name);
    tls::keep_session_caches(names);
}

Checked<> SiteBuilder::add_tls_context(VirtualHost& host) {
    const auto& settings = host.settings.get<TlsSettings>();
    for (const auto& [known, other] : tls_hosts_) {
        if (known != &settings) continue;
        host.tls = other->tls;
        host.tls_certificates = other->tls_certificates;
        return {};
    }
    auto made = make_tls_context(*this, settings);
    if (!made) return std::unexpected{made.error()};
    host.tls = std::move(made->context);
    host.tls_certificates = std::move(made->certificates);
    if (host.tls) tls_hosts_.emplace_back(&settings, &host);
    return {};
}

}  // namespace webserv::server
