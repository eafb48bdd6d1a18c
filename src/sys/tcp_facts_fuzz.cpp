// sys/tcp_facts_fuzz.cpp: whatever came as a SYN, nothing is read beyond its end, and what was read stands in it.
// The octets lie in a buffer of their very size, so that one step beyond is seen.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "sys/tcp_facts.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::unique_ptr<char[]> exact{new char[size]};
    for (std::size_t i = 0; i < size; ++i) exact[i] = static_cast<char>(data[i]);
    const std::string_view headers{exact.get(), size};
    const auto syn = webserv::sys::parse_syn(headers);
    if (!syn) return 0;
    const char sequence[] = {static_cast<char>(syn->sequence >> 24), static_cast<char>(syn->sequence >> 16),
                             static_cast<char>(syn->sequence >> 8), static_cast<char>(syn->sequence)};
    if (headers.find(std::string_view{sequence, 4}) == headers.npos) std::abort();
    // What follows the headers is the business of somebody else.
    if (webserv::sys::parse_syn(std::string{headers} + "more") != syn) std::abort();
    return 0;
}
