// upstream/resolver.hpp: addresses of a host as name servers know them (DNS, RFC 1035), asked from the loop itself, without threads.
// Answers are kept as long as they are valid, and several who want the same name at once share one question.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/task.hpp"
#include "io/loop.hpp"
#include "io/scope.hpp"
#include "sys/address.hpp"
#include "upstream/resolve_error.hpp"

namespace webserv::upstream {

struct ResolverOptions {
    std::vector<sys::Address> servers;          ///< they take turns; none: the system's, and its hosts file, as they are at that time
    std::optional<std::chrono::seconds> valid;  ///< how long answers of `servers` are kept; nothing: as long as they say
    bool ipv4 = true;
    bool ipv6 = true;
    bool operator==(const ResolverOptions&) const = default;
};

/// A name server that is silent for as long as this has missed its turn; the time doubles with every round.
inline constexpr std::chrono::milliseconds name_server_patience{1000};
/// Names whose addresses are kept: each is some hundred octets.
inline constexpr std::size_t names_kept_max = 1024;

class Resolver {
public:
    Resolver(io::Loop& loop, ResolverOptions options);
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;
    ~Resolver();  ///< nobody may wait any more

    /// The addresses, in the order to try them (RFC 6724), with the port. A literal address is its own, at once.
    /// @param host   lives until this has ended: a name, "127.0.0.1", "::1" or "[::1]"
    /// @param scope  whose cancel() ends the wait (with timed_out); may be null
    Task<std::expected<std::vector<sys::Address>, ResolveError>> resolve(const std::string& host, std::uint16_t port, io::Scope* scope,
                                                                         io::Deadline deadline);

    [[nodiscard]] const ResolverOptions& options() const noexcept { return options_; }

private:
    class Channel;

    io::Loop& loop_;
    ResolverOptions options_;
    std::unique_ptr<Channel> channel_;  // from the first name on
};

}  // namespace webserv::upstream
