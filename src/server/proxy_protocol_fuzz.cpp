// server/proxy_protocol_fuzz.cpp: whatever the octets, all at once and one by one give the same header or the same refusal.
// And what is found lies within what was given.
#include <cassert>
#include <cstdint>
#include <string_view>

#include "server/proxy_protocol.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using webserv::server::parse_proxy_header;
    using Progress = webserv::server::ProxyHeaderStep::Progress;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto whole = parse_proxy_header(text);
    auto pieces = parse_proxy_header({});
    for (std::size_t count = 1; count <= size && pieces.progress == Progress::incomplete; ++count)
        pieces = parse_proxy_header(text.substr(0, count));
    assert(pieces.progress == whole.progress);
    assert(pieces.bytes == whole.bytes && whole.bytes <= size);
    assert(pieces.header.has_value() == whole.header.has_value());
    if (!whole.header) return 0;
    assert(pieces.header->source == whole.header->source && pieces.header->destination_port == whole.header->destination_port);
    for (const std::string_view name : {"alpn", "authority", "ssl", "ssl_cn", "ssl_verify", "0xea"}) {
        if (const auto value = whole.header->extension(name)) assert(value->size() <= size);
    }
    return 0;
}
