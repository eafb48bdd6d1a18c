// base/address_sanitizer.hpp: whether this build runs under AddressSanitizer.
// Pools then give every block back to the heap, so that a use after its end is seen.
#pragma once

namespace webserv {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool address_sanitizer = true;
#elif defined(__has_feature)
inline constexpr bool address_sanitizer = __has_feature(address_sanitizer);
#else
inline constexpr bool address_sanitizer = false;
#endif

}  // namespace webserv
