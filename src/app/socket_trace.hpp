// app/socket_trace.hpp: `webserv serve --trace`: the life of each socket on standard output, a line a call.
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
class SocketTrace final : public sys::CallObserver {
public:
    SocketTrace();
    ~SocketTrace() override;

    void called(const sys::SocketCall& call) noexcept override;
    void ending(int descriptor, sys::SocketCall::Name how) noexcept override;

private:
    using Clock = std::chrono::steady_clock;
    enum class Ending : unsigned char { open, client_finished, we_finished, client_reset, we_reset };

    struct Life {
        Clock::time_point since;
        std::uint64_t octets_read = 0;
        std::uint64_t octets_written = 0;
        Ending ending = Ending::open;
        bool is_connection = false;  ///< accepted, not opened by us
        bool has_heir = false;       ///< a child was forked meanwhile: it has this socket too
        pid_t inherited_from = 0;    ///< we are the child, of this process
    };

    static void forked_parent();
    static void forked_child();
    void line(std::string_view colour, std::string_view call, std::string_view remark);
    void remember(const sys::SocketCall& call, int error);
    void accepted(int listener, int descriptor);
    [[nodiscard]] std::string remark_on(const sys::SocketCall& call, int error);
    [[nodiscard]] std::string farewell(int descriptor);

    Clock::time_point start_ = Clock::now();
    std::map<int, Life> lives_;  ///< by descriptor
};

}  // namespace webserv::app
