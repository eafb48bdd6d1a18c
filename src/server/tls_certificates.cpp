// server/tls_certificates.cpp: there is no request yet in a handshake: variables are asked of an exchange that has none.
// A file that is missing or broken fails the handshake that wanted it, with a line in the log, and nothing else.
#include "server/tls_certificates.hpp"

#include <fmt/format.h>

#include <utility>

#include "io/source.hpp"
#include "server/exchange.hpp"
#include "server/transport.hpp"
#include "server/worker.hpp"
#include "sys/file.hpp"
#include "tls/facts.hpp"
#include "tls/stream.hpp"

namespace webserv::server {
namespace {

constexpr std::string_view data_prefix = "data:";
constexpr std::size_t file_bytes_max = 1U << 20;  // chains have some thousand octets

/// Carries no request.
class NoTransport final : public Transport {
public:
    io::Source& content() noexcept override { return content_; }
    void limit_content(std::uint64_t, std::chrono::milliseconds) noexcept override {}
    std::uint64_t request_bytes() const noexcept override { return 0; }
    Task<http::Sent> write_response(const http::Response&, const h1::HeadOptions&, io::Source*, const SendLimits&, Arena&) override {
        co_return http::Sent{};
    }
    void reset() noexcept override {}

private:
    io::MemorySource content_{std::string_view{}};
};

std::expected<std::string, std::string> read_file(std::string_view doing, const std::string& path) {
    const auto refuse = [&](const Error& error) {
        return std::unexpected{
            fmt::format("{} \"{}\": {}() failed {}", doing, path, error.doing, describe_errno(static_cast<int>(error.code)))};
    };
    const auto status = sys::status_of(path.c_str());
    if (!status) return refuse(status.error());
    if (!status->is_regular()) return std::unexpected{fmt::format("{} \"{}\": not a regular file", doing, path)};
    auto octets = sys::read_whole(path.c_str(), file_bytes_max);
    if (!octets) return refuse(octets.error());
    return std::move(*octets);
}

}  // namespace

std::string NamedCertificates::path_of(std::string_view name) const {
    return name.starts_with('/') ? std::string{name} : fmt::format("{}{}", folder_, name);
}

void NamedCertificates::forget_oldest() {
    index_.erase(entries_.back().names);
    entries_.pop_back();
}

NamedCertificates::Kept NamedCertificates::find(const std::string& names, io::TimePoint now) {
    while (!entries_.empty() && now - entries_.back().used > caching_.inactive) forget_oldest();
    const auto found = index_.find(names);
    if (found == index_.end()) return nullptr;
    const auto entry = found->second;
    if (now - entry->read > caching_.valid) {
        entries_.erase(entry);
        index_.erase(found);
        return nullptr;
    }
    entry->used = now;
    entries_.splice(entries_.begin(), entries_, entry);
    return entry->credential;
}

void NamedCertificates::keep(const std::string& names, Kept credential, io::TimePoint now) {
    if (caching_.max == 0) return;
    if (entries_.size() >= caching_.max) forget_oldest();
    entries_.push_front({.names = names, .credential = std::move(credential), .read = now, .used = now});
    index_[names] = entries_.begin();
}

std::expected<NamedCertificates::Kept, std::string> NamedCertificates::load(std::string_view chain, std::string_view key,
                                                                            io::TimePoint now) {
    const bool is_kept = caching_.max > 0 && !chain.starts_with(data_prefix) && !key.starts_with(data_prefix);
    const std::string names = is_kept ? fmt::format("{}\n{}", chain, key) : std::string{};
    if (is_kept) {
        if (Kept known = find(names, now)) return known;
    }
    const auto read = [this](std::string_view name, std::string_view doing) -> std::expected<std::string, std::string> {
        if (name.starts_with(data_prefix)) return std::string{name.substr(data_prefix.size())};
        return read_file(doing, path_of(name));
    };
    const auto shown = [this](std::string_view name) {  // data is nobody's business
        return name.starts_with(data_prefix) ? std::string{data_prefix} : path_of(name);
    };
    const auto chain_octets = read(chain, "cannot load certificate");
    if (!chain_octets) return std::unexpected{chain_octets.error()};
    const auto key_octets = read(key, "cannot load certificate key");
    if (!key_octets) return std::unexpected{key_octets.error()};
    const std::string chain_name = shown(chain), key_name = shown(key);
    auto credential = tls::Credential::parse(
        {.chain = *chain_octets, .chain_name = chain_name, .key = *key_octets, .key_name = key_name, .passwords = passwords_});
    if (!credential) return std::unexpected{credential.error()};
    Kept made = std::make_shared<const tls::Credential>(std::move(*credential));
    if (is_kept) keep(names, made, now);
    return made;
}

tls::Outcome NamedCertificates::provide(const tls::Stream& stream, Exchange& exchange) {
    for (const Pair& pair : pairs_) {
        const auto credential = load(exchange.evaluate(pair.chain), exchange.evaluate(pair.key), exchange.began);
        if (!credential) return std::unexpected{credential.error()};
        if (auto given = (*credential)->give(stream.handle()); !given) return given;
    }
    return {};
}

bool provide_certificates(Connection& connection, const tls::Stream& stream, const VirtualHost& host, NamedCertificates& certificates) {
    constexpr std::string_view doing = "SSL handshaking";
    // The name is part of a path, most likely: what is no host name must not lead anywhere.
    const std::string_view name = tls::server_name_of(stream);
    if (name.find('/') != name.npos || name.starts_with('.')) {
        connection.log(observe::Level::info, "client sent invalid server name", doing);
        return false;
    }
    Arena arena;
    http::Request request{arena};
    NoTransport transport;
    const WayIn way_in = connection.entrance->current;
    Exchange exchange{connection, transport, way_in, request, arena, connection.worker.loop.now()};
    exchange.host = &host;
    exchange.location = &host.bare;
    const auto provided = certificates.provide(stream, exchange);
    if (!provided) connection.log(observe::Level::error, provided.error(), doing);
    return provided.has_value();
}

}  // namespace webserv::server
