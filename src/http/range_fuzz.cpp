// http/range_fuzz.cpp: whatever the octets, an accepted range lies inside the representation.
// The first eight octets of the input are the length.
#include <cassert>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "http/range.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::uint64_t length = 0;
    if (size < sizeof length) return 0;
    std::memcpy(&length, data, sizeof length);
    const std::string_view text{reinterpret_cast<const char*>(data) + sizeof length, size - sizeof length};
    for (const auto& range : {webserv::http::parse_range_spec(text, length), webserv::http::parse_range(text, length)}) {
        if (!range) continue;
        assert(range->first <= range->last);
        assert(range->last < length);
    }
    return 0;
}
