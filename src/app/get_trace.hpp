// app/get_trace.hpp: `webserv get --trace`: each call on its sockets, then how long each step of a connection took.
// The times are those of the calls themselves; what the kernel measured stands beside them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/socket_trace.hpp"
#include "sys/address.hpp"
#include "sys/tcp_facts.hpp"

namespace webserv::app {

class GetTrace final : public SocketTrace {
public:
    GetTrace() : SocketTrace{Role::client} {}

    // What is no call on a socket.
    using SocketTrace::note;
    void resolving();
    void resolved(const std::string& host, const std::vector<sys::Address>& addresses);
    /// The handshake is over.
    void connected(int descriptor, const sys::Address& address);
    /// TLS's handshake as well.
    void secured(int descriptor);
    /// The head of the answer is complete.
    void answered(int descriptor);

    void called(const sys::SocketCall& call) noexcept override;
    void ending(int descriptor, sys::SocketCall::Name how) noexcept override;

private:
    using Time = Clock::time_point;
    struct Life {
        Time socket{}, connect{}, connected{}, secured{}, last_write{}, first_octet{}, last_octet{};
        std::string address;
        std::uint64_t octets_written = 0;
        std::uint64_t octets_read = 0;
        bool is_connected = false, is_answered = false;
        std::optional<sys::TcpFacts> at_handshake, at_end;
    };
    void remember(const sys::SocketCall& call, Time now);
    void step(const char* name, Time begin, Time end, const std::string& remark);
    void summary(const Life& life, Time closed);

    std::map<int, Life> lives_;  ///< by descriptor
    Time resolving_{}, resolved_{};
};

}  // namespace webserv::app
