// tls/session_memory.hpp: the memory of OpenSSL's object for one connection, which is large, and mostly zeros.
// While nobody uses a connection only the other octets are kept; its pages go back to the system.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "tls/handle.hpp"

namespace webserv::tls {

/// A session that may rest: alone on its pages, as far as the allocator could see to it.
class Session {
public:
    explicit Session(ssl_ctx_st* context);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() { (void)get(); }

    /// Null: there was no memory. Whoever asks is about to use it: it rests no longer.
    [[nodiscard]] ssl_st* get() const noexcept {
        if (kept_) [[unlikely]]
            restore();
        return handle_.get();
    }
    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(handle_); }

    /// Nobody will use it for a while. Nothing happens if it has no pages of its own.
    void rest();
    [[nodiscard]] bool is_resting() const noexcept { return kept_ != nullptr; }

private:
    void restore() const noexcept;

    mutable std::unique_ptr<std::uint64_t[]> kept_;  // a bit for each word that is not zero, then those words
    SessionHandle handle_;
    std::size_t words_ = 0;  // of the object; 0: it shares its pages with others
};

/// For the allocator: memory for the object that SSL_new(3) makes, if that is what is asked for; null otherwise.
[[nodiscard]] void* take_session_pages(std::size_t bytes) noexcept;

}  // namespace webserv::tls
