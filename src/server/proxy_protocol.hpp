// server/proxy_protocol.hpp: the header by which a proxy says whose connection it passes on (PROXY protocol, versions 1 and 2).
// No I/O: it looks at the octets gathered so far, and says whether they are a header, not yet one, or never will be.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace webserv::server {

/// What the proxy says about the connection it has accepted. Addresses are literals, without port.
struct ProxyHeader {
    std::string source;
    std::string destination;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::string extensions;  ///< type, length, value ...: of version 2

    /// The value of an extension: "alpn", "authority", "unique_id", "netns", "ssl", "ssl_version", "ssl_cn", "ssl_cipher",
    /// "ssl_sig_alg", "ssl_key_alg", "ssl_verify" (a number), or a type as "0xea". Nothing: it was not sent.
    [[nodiscard]] std::optional<std::string> extension(std::string_view name) const;
};

struct ProxyHeaderStep {
    enum class Progress : unsigned char { incomplete, complete, failed } progress = Progress::incomplete;
    std::size_t bytes = 0;              ///< of the header; after complete
    std::optional<ProxyHeader> header;  ///< none: the proxy speaks for itself, or does not know ("LOCAL", "UNKNOWN")
    std::string complaint;              ///< after failed, as nginx words it
};

/// `gathered` begins with the header's first octet, and has more each time.
[[nodiscard]] ProxyHeaderStep parse_proxy_header(std::string_view gathered);

/// More than this a header may not have: extensions hold a certificate's names, not certificates.
inline constexpr std::size_t proxy_header_bytes_max = 4096;

}  // namespace webserv::server
