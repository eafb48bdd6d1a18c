// tls/session_cache.hpp: sessions that all workers can resume: `ssl_session_cache shared:name:size`. A ring in shared memory, and an
// index of it: what is new overwrites what is oldest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
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
    /// Begins anew with so many octets of the memory it lies in. Whoever uses it meanwhile meets an empty cache.
    void resize(std::size_t bytes);

private:
    SessionCache() = default;
};

/// The cache of this name, the same in all processes that come from the one that has called share_session_caches(). Of another size
/// than it had, it begins anew, and may move. Nothing: there is no room for it.
[[nodiscard]] SessionCache* session_cache(std::string_view name, std::size_t bytes);

/// Those that no configuration names any more give their places to others. Connections that still use one may go on.
void keep_session_caches(const std::set<std::string, std::less<>>& names);

/// Reserves addresses for all caches there will be, before the first worker: a reload may name new ones.
void share_session_caches();

}  // namespace webserv::tls
