// sys/address_fuzz.cpp: whatever is accepted as an address says the same again when it is printed and parsed.
// The second half plays the kernel: octets of any length as a sockaddr.
#include <cassert>
#include <cstdint>
#include <cstring>

#include "sys/address.hpp"

using webserv::sys::Address;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    if (const auto address = Address::parse_ip(text, 80)) {
        assert(Address::parse_ip(address->host(), 80) == address);
        assert(Address::from(address->data(), address->size()) == *address);
    }
    if (const auto address = Address::local(text)) {
        assert(address->local_name() == text);
        assert(address->size() <= Address::capacity);
        assert(Address::from(address->data(), address->size()) == *address);
    }
    // The kernel's side: any octets of any length can be asked any question.
    if (size >= sizeof(sa_family_t)) {
        const auto address = Address::from(reinterpret_cast<const sockaddr*>(data), static_cast<socklen_t>(size));
        assert(address == address);
        (void)address.text();
        (void)address.is_wildcard();
        if (address.is_local() && !address.local_name().empty()) assert(address.text() == "unix:" + address.local_name());
    }
    return 0;
}
