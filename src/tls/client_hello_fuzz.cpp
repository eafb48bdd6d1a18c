// tls/client_hello_fuzz.cpp: whatever the octets, a name is a host's; and a hello that is complete stays what it is with more octets.
// Seen octet by octet, the first verdict is also the verdict about the whole.
#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>

#include "tls/client_hello.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using webserv::tls::ClientHello;
    if (size > webserv::tls::client_hello_bytes_max) return 0;
    const std::string_view octets{reinterpret_cast<const char*>(data), size};
    const ClientHello whole = webserv::tls::parse_client_hello(octets);
    assert(whole.server_name.size() <= 255);
    for (const char c : whole.server_name) assert(c > ' ' && c < 0x7F && c != '/');
    for (std::size_t count = 0; count < size; ++count) {
        const ClientHello part = webserv::tls::parse_client_hello(octets.substr(0, count));
        if (part.progress == ClientHello::Progress::incomplete) continue;
        assert(part.progress == whole.progress && part.server_name == whole.server_name);
        break;
    }
    return 0;
}
