// server/tls_certificates.hpp: certificates whose names have variables: evaluated, read and given to the connection in its handshake.
// What was read lately may be kept (ssl_certificate_cache). Files are read by the worker, with its rights.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/expression.hpp"
#include "io/loop.hpp"
#include "tls/credential.hpp"

namespace webserv::tls {
class Stream;
}

namespace webserv::server {

class Connection;
class Exchange;
struct VirtualHost;

/// ssl_certificate_cache.
struct CertificateCaching {
    std::size_t max = 0;  ///< pairs; 0: none is kept
    std::chrono::milliseconds inactive{10'000};
    std::chrono::milliseconds valid{60'000};
};

class NamedCertificates {
public:
    using Kept = std::shared_ptr<const tls::Credential>;
    NamedCertificates(std::string folder, std::vector<std::string> passwords, const CertificateCaching& caching)
        : folder_{std::move(folder)}, passwords_{std::move(passwords)}, caching_{caching} {}
    void add(config::Expression chain, config::Expression key) { pairs_.push_back({std::move(chain), std::move(key)}); }

    /// Gives the connection its certificates. @return what is wrong with them
    [[nodiscard]] tls::Outcome provide(const tls::Stream& stream, Exchange& exchange);

    [[nodiscard]] Kept find(const std::string& names, io::TimePoint now);
    void keep(const std::string& names, Kept credential, io::TimePoint now);

private:
    struct Pair {
        config::Expression chain, key;
    };
    struct Entry {
        std::string names;
        Kept credential;
        io::TimePoint read, used;
    };
    [[nodiscard]] std::expected<Kept, std::string> load(std::string_view chain, std::string_view key, io::TimePoint now);
    [[nodiscard]] std::string path_of(std::string_view name) const;
    void forget_oldest();

    std::string folder_;  // names are relative to it
    std::vector<std::string> passwords_;
    CertificateCaching caching_;
    std::vector<Pair> pairs_;
    std::list<Entry> entries_;  // the one used last is the first
    std::unordered_map<std::string, std::list<Entry>::iterator> index_;
};

/// In the handshake of a connection that means `host`. @return whether it can go on; the log says why not
[[nodiscard]] bool provide_certificates(Connection& connection, const tls::Stream& stream, const VirtualHost& host,
                                        NamedCertificates& certificates);

}  // namespace webserv::server
