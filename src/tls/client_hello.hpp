// tls/client_hello.hpp: the first thing a TLS client says, as far as somebody has to know it before the handshake begins:
// that it is TLS at all, and which server is meant. Octets in, values out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace webserv::tls {

struct ClientHello {
    enum class Progress : unsigned char {
        incomplete,  ///< more octets are needed
        not_tls,     ///< something else begins so: plain HTTP, most likely
        complete,    ///< server_name is what it says; or the octets are so broken that the handshake will say it better
    };
    Progress progress = Progress::incomplete;
    std::string server_name{};  ///< lower-cased; empty if none was sent, or one that is no host name
};

/// What octets a hello may need before nobody waits for its end any more. Those with post-quantum keys have two thousand.
inline constexpr std::size_t client_hello_bytes_max = 16'384;

/// Parses a ClientHello from the connection's first octets, whatever records it is cut into. RFC 8446 sections 4.1.2 and 5.1,
/// RFC 6066 section 3.
[[nodiscard]] ClientHello parse_client_hello(std::string_view octets);

}  // namespace webserv::tls
