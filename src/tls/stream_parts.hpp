// tls/stream_parts.hpp: what the files of tls::Stream share: memory of the thread for what is encrypted, and what a connection has now and
// then.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "tls/stream.hpp"

namespace webserv::tls {

// What is encrypted at a time: enough for few system calls, and little enough to stay in the processor's cache.
inline constexpr std::size_t batch_bytes = 128U << 10;

// A head that content follows waits for it, to leave in the same record; a longer one does not.
inline constexpr std::size_t held_bytes_max = 1024;

/// Of the thread: what one call encrypts, and what it encrypts from.
struct Stream::Gathering {
    std::string cipher;
    std::unique_ptr<char[]> plain{new char[held_bytes_max + batch_bytes]};

    static Gathering& here() {
        thread_local Gathering gathering;
        return gathering;
    }
};

struct Stream::Rare {
    std::string begun;  // octets that were read before us, ...
    std::size_t begun_taken = 0;
    std::optional<char> first_early;  // octet of early data: it ended the handshake for those above, who have not read it yet
    std::string unsent;               // records that the inner stream has not taken
    std::string failure;
    std::array<char, held_bytes_max> held{};  // a head that waits for its content; reported as written
    std::size_t held_bytes = 0;
    std::optional<Error> inner_error;  // met while OpenSSL was reading

    static void* operator new(std::size_t bytes) { return frame_pool::allocate(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept { frame_pool::release(memory, bytes); }
};

}  // namespace webserv::tls
