// app/socket_trace.hpp: `--trace` of `serve` (on standard output) and `get` (on standard error): the life of each socket, a line a call.
// Time since the start, process, call, outcome; and what the kernel knows beside it: handshake, queue, who hung up first.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "sys/call_trace.hpp"

namespace webserv::app {

/// Watches from its construction to its destruction; there is one at a time.
class SocketTrace : public sys::CallObserver {
public:
    enum class Role : unsigned char { server, client };

    explicit SocketTrace(Role role);
    ~SocketTrace() override;

    void called(const sys::SocketCall& call) noexcept override;
    void ending(int descriptor, sys::SocketCall::Name how) noexcept override;

protected:
    using Clock = std::chrono::steady_clock;

    /// A line of its own, beside those of the calls.
    void note(std::string_view text);
    [[nodiscard]] Clock::time_point start() const noexcept { return start_; }

private:
    enum class Ending : unsigned char { open, peer_finished, we_finished, peer_reset, we_reset, unconnected };

    struct Life {
        Clock::time_point since;
        std::uint64_t octets_read = 0;
        std::uint64_t octets_written = 0;
        Ending ending = Ending::open;
        bool is_connection = false;  ///< accepted, or about to be connected: not one that listens
        bool has_heir = false;       ///< a child was forked meanwhile: it has this socket too
        pid_t inherited_from = 0;    ///< we are the child, of this process
    };

    void write(std::string_view text) const;
    [[nodiscard]] bool is_coloured() const;
    [[nodiscard]] Ending ending_of(int descriptor, const Life& life, sys::SocketCall::Name how) const noexcept;
    static void forked_parent();
    static void forked_child();
    void line(std::string_view colour, std::string_view call, std::string_view remark);
    void remember(const sys::SocketCall& call, int error);
    void accepted(int listener, int descriptor);
    [[nodiscard]] std::string remark_on(const sys::SocketCall& call, int error);
    [[nodiscard]] std::string farewell(int descriptor);

    Role role_;
    std::string_view peer_;  ///< what the other one is called
    Clock::time_point start_ = Clock::now();
    std::map<int, Life> lives_;  ///< by descriptor
};

}  // namespace webserv::app
