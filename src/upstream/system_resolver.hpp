// upstream/system_resolver.hpp: addresses of a host as this machine knows them: /etc/hosts, DNS, whatever getaddrinfo(3) asks.
// It asks on a helper thread: a name server that is silent stops nobody but the one who waits for it.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "base/task.hpp"
#include "io/loop.hpp"
#include "io/scope.hpp"
#include "sys/address.hpp"
#include "upstream/resolve_error.hpp"

namespace webserv::upstream {

class SystemResolver {
public:
    explicit SystemResolver(io::Loop& loop) noexcept : loop_{loop} {}
    SystemResolver(const SystemResolver&) = delete;
    SystemResolver& operator=(const SystemResolver&) = delete;

    /// The addresses, in the order to try them (RFC 6724), with the port. A literal address is its own, at once.
    /// @param host  lives until this has ended: a name, "127.0.0.1", "::1" or "[::1]"
    Task<std::expected<std::vector<sys::Address>, ResolveError>> resolve(const std::string& host, std::uint16_t port,
                                                                         io::Deadline deadline);

    /// Whether a thread still asks for somebody who has given up waiting: the resolver must not end before it comes back.
    [[nodiscard]] bool is_busy() const noexcept { return lookups_.task_count() > 0; }

private:
    struct Lookup;
    static Task<> look_up(io::Loop& loop, std::shared_ptr<Lookup> lookup);

    io::Loop& loop_;
    io::Scope lookups_;
};

}  // namespace webserv::upstream
