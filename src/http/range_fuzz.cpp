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
    const auto is_inside = [length](const webserv::http::ByteRange& range) { return range.first <= range.last && range.last < length; };
    if (const auto range = webserv::http::parse_range_spec(text, length)) assert(is_inside(*range));
    if (const auto ranges = webserv::http::parse_ranges(text, length, 100, *std::pmr::get_default_resource())) {
        assert(!ranges->empty() && ranges->size() <= 100);
        std::uint64_t octets = 0;  // together they are never more work than the whole
        for (const auto& range : *ranges) {
            assert(is_inside(range));
            octets += range.last - range.first + 1;
        }
        assert(octets <= length);
    }
    return 0;
}
