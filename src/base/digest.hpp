// base/digest.hpp: MD5 (RFC 1321) and SHA-1 (RFC 3174), for formats that were made when these were good.
// Neither is safe any more; nothing new may be built upon them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace webserv {

using Md5Digest = std::array<std::uint8_t, 16>;
using Sha1Digest = std::array<std::uint8_t, 20>;

[[nodiscard]] Md5Digest md5(std::string_view text);
[[nodiscard]] Sha1Digest sha1(std::string_view text);

/// The octets of a digest, as text that is not for reading.
template <class Digest>
[[nodiscard]] std::string_view octets_of(const Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// Whether both are the same, in a time that does not tell where they differ.
[[nodiscard]] bool equal_in_constant_time(std::string_view one, std::string_view other) noexcept;

}  // namespace webserv
