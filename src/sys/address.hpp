// sys/address.hpp: where a socket lives: IPv4, IPv6 or a local (AF_UNIX) name, path or abstract.
// A value: copied, compared, printed. Names are not resolved here.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace webserv::sys {

class Address {
public:
    Address() noexcept;  ///< family AF_UNSPEC

    [[nodiscard]] static Address ipv4_any(std::uint16_t port) noexcept;
    [[nodiscard]] static Address ipv6_any(std::uint16_t port) noexcept;
    /// "127.0.0.1" or "::1" or "[::1]" with a port. Nothing if it is not a literal address.
    [[nodiscard]] static std::optional<Address> parse_ip(std::string_view literal, std::uint16_t port) noexcept;
    /// A path, or an abstract name when it begins with '@'. Nothing if it is empty, has a NUL octet or is longer than sun_path holds.
    [[nodiscard]] static std::optional<Address> local(std::string_view path) noexcept;
    /// What the kernel gave us; octets beyond `capacity` are cut.
    [[nodiscard]] static Address from(const sockaddr* raw, socklen_t size) noexcept;

    [[nodiscard]] int family() const noexcept { return storage_.any.sa_family; }
    [[nodiscard]] bool is_local() const noexcept { return family() == AF_UNIX; }
    [[nodiscard]] bool is_wildcard() const noexcept;    ///< 0.0.0.0 or ::
    [[nodiscard]] std::uint16_t port() const noexcept;  ///< 0 for local addresses
    void set_port(std::uint16_t port) noexcept;         ///< nothing happens to local addresses
    /// "/run/x.sock", "@name" for an abstract name; empty for other families and for a peer without a name.
    [[nodiscard]] std::string local_name() const;

    [[nodiscard]] const sockaddr* data() const noexcept { return &storage_.any; }
    [[nodiscard]] sockaddr* data() noexcept { return &storage_.any; }
    [[nodiscard]] socklen_t size() const noexcept { return size_; }
    void set_size(socklen_t size) noexcept { size_ = size < capacity ? size : capacity; }
    static constexpr socklen_t capacity = sizeof(sockaddr_un);

    /// "127.0.0.1", "::1", "unix:" (nginx's $remote_addr of local peers).
    [[nodiscard]] std::string host() const;
    /// "127.0.0.1:80", "[::1]:80", "unix:/run/x.sock".
    [[nodiscard]] std::string text() const;

    bool operator==(const Address& other) const noexcept;

private:
    // Not sockaddr_storage: 112 octets hold every family we speak, and an idle connection keeps one of these.
    union Storage {
        sockaddr any;
        sockaddr_in ipv4;
        sockaddr_in6 ipv6;
        sockaddr_un local;
        char bytes[sizeof(sockaddr_un)];
    } storage_;
    socklen_t size_ = 0;
};

}  // namespace webserv::sys
