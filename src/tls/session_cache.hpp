// tls/session_cache.hpp: sessions that all workers can resume: `ssl_session_cache shared:name:size`. A ring in shared memory, and an
// index of it: what is new overwrites what is oldest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace webserv::tls {

class SessionCache {
public:
    /// Lays the cache out in memory that is zeroed, aligned to a page, and shared. It stays there for good.
    [[nodiscard]] static SessionCache* in(std::span<std::byte> memory);
    static constexpr std::size_t bytes_min = 32U << 10;     ///< nginx's: eight pages
    static constexpr std::size_t session_bytes_max = 4096;  ///< nginx's; one with a long chain of the client's is not kept

    using Octets = std::span<const unsigned char>;
    void put(Octets id, Octets session, std::int64_t expires_seconds);
    [[nodiscard]] std::optional<std::string> find(Octets id, std::int64_t now_seconds);
    void forget(Octets id);

private:
    SessionCache() = default;
};

/// The cache of this name and size, the same in all processes that come from the one that has called share_session_caches().
/// Nothing: there is no room for it.
[[nodiscard]] SessionCache* session_cache(std::string_view name, std::size_t bytes);

/// Reserves addresses for all caches there will be, before the first worker: a reload may name new ones.
void share_session_caches();

}  // namespace webserv::tls
