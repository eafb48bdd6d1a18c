// app/get_trace.cpp: the table of steps: when each began, how long it took.
// A connection that serves several requests has one table: the first answer is the one that is waited for, what follows is reading.
#include "app/get_trace.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "app/print.hpp"

namespace webserv::app {
namespace {

using Name = sys::SocketCall::Name;

double milliseconds(std::chrono::steady_clock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

std::string facts_text(const sys::TcpFacts& facts) {
    return fmt::format("round trip {:.3f} ms, MSS {}, congestion window {} segments, {} sent again", milliseconds(facts.round_trip),
                       facts.segment_bytes_max, facts.congestion_window, facts.retransmitted);
}

}  // namespace

void GetTrace::resolving() { resolving_ = Clock::now(); }

void GetTrace::resolved(const std::string& host, const std::vector<sys::Address>& addresses) {
    resolved_ = Clock::now();
    std::string text;
    for (const sys::Address& address : addresses) text += (text.empty() ? "" : ", ") + address.host();
    note(fmt::format("resolve({}) = {}", host, addresses.empty() ? "nothing" : text));
}

void GetTrace::connected(int descriptor, const sys::Address& address) {
    Life& life = lives_[descriptor];
    life.connected = Clock::now();
    life.is_connected = true;
    life.address = address.text();
    life.at_handshake = sys::tcp_facts(descriptor);
    note(fmt::format("handshake of {}: {}", descriptor, life.at_handshake ? facts_text(*life.at_handshake) : "none, a local socket"));
}

void GetTrace::secured(int descriptor) {
    Life& life = lives_[descriptor];
    life.secured = Clock::now();
    life.octets_read = life.octets_written = 0;  // those were the handshake's
}

void GetTrace::answered(int descriptor) { lives_[descriptor].is_answered = true; }

void GetTrace::called(const sys::SocketCall& call) noexcept {
    const int error = errno;
    const Time now = Clock::now();
    SocketTrace::called(call);
    if (call.result < 0 && (call.name != Name::connect || error != EINPROGRESS)) return;
    remember(call, now);
}

void GetTrace::remember(const sys::SocketCall& call, Time now) {
    if (call.name == Name::socket) {
        lives_[static_cast<int>(call.result)] = {};
        lives_[static_cast<int>(call.result)].socket = now;
        return;
    }
    const auto found = lives_.find(call.descriptor);
    if (found == lives_.end()) return;
    Life& life = found->second;
    const bool is_write = call.name == Name::write || call.name == Name::send_file;
    if (call.name == Name::connect) life.connect = now;
    if (is_write) {
        life.octets_written += static_cast<std::uint64_t>(call.result);
        if (!life.is_answered) life.last_write = now;  // later ones ask for something else, or end TLS
    }
    if (call.name == Name::read) {
        // Over TLS, session tickets may come first: of what was read, the answer's is what completes its head.
        const bool is_first = life.octets_read == 0 || (life.secured != Time{} && !life.is_answered);
        if (is_first && call.result > 0) life.first_octet = now;
        life.octets_read += static_cast<std::uint64_t>(call.result);
        life.last_octet = now;
    }
    if (call.name == Name::close) {
        if (life.is_connected) summary(life, now);
        lives_.erase(found);
    }
}

void GetTrace::ending(int descriptor, Name how) noexcept {
    SocketTrace::ending(descriptor, how);
    if (const auto found = lives_.find(descriptor); found != lives_.end()) found->second.at_end = sys::tcp_facts(descriptor);
}

void GetTrace::step(const char* name, Time begin, Time end, const std::string& remark) {
    const auto line = fmt::format("{:<12} {:10.3f} {:10.3f}  {}", name, milliseconds(begin - start()), milliseconds(end - begin), remark);
    print_error(line.substr(0, line.find_last_not_of(' ') + 1) + "\n");
}

void GetTrace::summary(const Life& life, Time closed) {
    print_error(fmt::format("{:<12} {:>10} {:>10}\n", "step", "at ms", "took ms"));
    if (resolved_ != Time{}) step("resolve", resolving_, std::exchange(resolved_, Time{}), "");
    step("socket", life.socket, life.connect, "");
    step("connect", life.connect, life.connected, life.address);
    const bool is_secure = life.secured != Time{};
    if (is_secure) step("TLS", life.connected, life.secured, "the handshake");
    if (life.octets_written > 0)
        step("write", is_secure ? life.secured : life.connected, life.last_write, fmt::format("{} octets", life.octets_written));
    if (life.octets_read > 0) {
        step("first octet", life.last_write < life.first_octet ? life.last_write : life.first_octet, life.first_octet,
             "waited for the server");
        step("read", life.first_octet, life.last_octet, fmt::format("{} octets", life.octets_read));
    }
    step("close", closed, closed, "");
    if (life.at_handshake) print_error(fmt::format("kernel, when connected: {}\n", facts_text(*life.at_handshake)));
    if (life.at_end) print_error(fmt::format("kernel, at the end:     {}\n", facts_text(*life.at_end)));
}

}  // namespace webserv::app
