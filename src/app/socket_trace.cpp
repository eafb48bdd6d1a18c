// app/socket_trace.cpp: the words for each call, and the memory of what happened to each socket until it is closed.
// A line is one write(2) and carries its process, so that several processes may print to the same place.
#include "app/socket_trace.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "app/print.hpp"
#include "sys/address.hpp"
#include "sys/tcp_facts.hpp"

namespace webserv::app {
namespace {

using Name = sys::SocketCall::Name;

constexpr std::string_view plain = "\033[0m";
constexpr std::string_view dim = "\033[2m";

SocketTrace* present = nullptr;  // for the handlers of fork, which get no argument

double milliseconds(std::chrono::steady_clock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

std::string_view colour_of(Name name) {
    switch (name) {
        case Name::read:
            return "\033[32m";  // green
        case Name::write:
        case Name::send_file:
            return "\033[34m";  // blue
        case Name::shutdown:
        case Name::close:
            return "\033[35m";  // magenta
        default:
            return "\033[36m";  // cyan: what comes before the conversation
    }
}

std::string family_name(int family) {
    if (family == AF_INET) return "IPv4";
    if (family == AF_INET6) return "IPv6";
    if (family == AF_UNIX) return "local";
    return fmt::format("family {}", family);
}

std::string option_name(int level, int name) {
    struct Known {
        int level;
        int name;
        const char* text;
    };
    constexpr Known known[] = {
        {SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR"},  {SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT"}, {IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY"},
        {IPPROTO_TCP, TCP_SAVE_SYN, "TCP_SAVE_SYN"}, {IPPROTO_TCP, TCP_NODELAY, "TCP_NODELAY"},  {IPPROTO_TCP, TCP_CORK, "TCP_CORK"},
    };
    for (const Known& option : known) {
        if (option.level == level && option.name == name) return option.text;
    }
    return fmt::format("level {} option {}", level, name);
}

std::string call_text(const sys::SocketCall& call) {
    switch (call.name) {
        case Name::socket:
            return fmt::format("socket({}, {})", family_name(call.first), call.second == SOCK_STREAM ? "stream" : "datagram");
        case Name::setsockopt:
            return fmt::format("setsockopt({}, {}, {})", call.descriptor, option_name(call.first, call.second), call.third);
        case Name::bind:
            return fmt::format("bind({}, {})", call.descriptor, call.address->text());
        case Name::listen:
            return fmt::format("listen({}, {})", call.descriptor, call.first);
        case Name::accept:
            return fmt::format("accept({})", call.descriptor);
        case Name::connect:
            return fmt::format("connect({}, {})", call.descriptor, call.address->text());
        case Name::read:
            return fmt::format("read({}, {})", call.descriptor, call.length);
        case Name::write:
            return fmt::format("write({}, {})", call.descriptor, call.length);
        case Name::send_file:
            return fmt::format("write({}, {} by sendfile)", call.descriptor, call.length);
        case Name::shutdown:
            return fmt::format("shutdown({}, SHUT_WR)", call.descriptor);
        case Name::close:
            return fmt::format("close({})", call.descriptor);
    }
    return {};
}

std::string error_text(Name name, int error) {
    if (error == EINPROGRESS) return "the handshake has begun";
    if (error != EAGAIN) return std::strerror(error);
    if (name == Name::accept) return "nobody waits in the queue";
    if (name == Name::read) return "nothing to read yet";
    if (name == Name::connect) return "the queue of the server is full";
    return "the kernel's buffer is full";
}

std::string handshake_text(int descriptor, const sys::TcpFacts& facts) {
    std::string text = fmt::format("handshake of {}:", descriptor);
    if (const auto syn = sys::take_saved_syn(descriptor)) {
        text += fmt::format(" the client counts from {}, window {}", syn->sequence, syn->window);
        if (syn->window_scale) text += fmt::format(", window scale {}", *syn->window_scale);
        if (syn->segment_bytes_max) text += fmt::format(", MSS {}", *syn->segment_bytes_max);
        text += ';';
    }
    return text + fmt::format(" round trip {:.3f} ms", milliseconds(facts.round_trip));
}

}  // namespace

SocketTrace::SocketTrace(Role role) : role_{role}, peer_{role == Role::server ? "client" : "server"} {
    // Handlers of fork stay for good, so they look whether anybody watches.
    [[maybe_unused]] static const int registered = ::pthread_atfork(nullptr, forked_parent, forked_child);
    present = this;
    sys::call_observer = this;
    write(fmt::format("{:>10} {:>7} call\n", "ms", "process"));
}

SocketTrace::~SocketTrace() {
    sys::call_observer = nullptr;
    present = nullptr;
}

// A client's standard output is for what it gets.
void SocketTrace::write(std::string_view text) const { role_ == Role::server ? print(text) : print_error(text); }

bool SocketTrace::is_coloured() const { return role_ == Role::server ? wants_colours() : wants_colours_in_errors(); }

void SocketTrace::note(std::string_view text) { line(is_coloured() ? dim : "", text, ""); }

void SocketTrace::line(std::string_view colour, std::string_view call, std::string_view remark) {
    const bool coloured = is_coloured();
    write(fmt::format("{:10.3f} {:7} {}{}{}{}{}{}{}\n", milliseconds(Clock::now() - start_), ::getpid(), coloured ? colour : "", call,
                      coloured ? plain : "", remark.empty() ? "" : "  ", coloured ? dim : "", remark, coloured ? plain : ""));
}

void SocketTrace::called(const sys::SocketCall& call) noexcept {
    const int error = call.result < 0 ? errno : 0;
    // Close is told of sockets that were seen before: others are not part of the story (a log's, say).
    if (call.name == Name::close && !lives_.contains(call.descriptor)) return;
    remember(call, error);
    std::string text = fmt::format("{} = {}", call_text(call), call.result < 0 ? -1 : call.result);
    if (error != 0) {
        const char* const name = ::strerrorname_np(error);
        text += fmt::format(" {}", name != nullptr ? name : "error");
    }
    line(colour_of(call.name), text, remark_on(call, error));
    if (call.name == Name::accept && error == 0) accepted(call.descriptor, static_cast<int>(call.result));
    if (call.name == Name::close) lives_.erase(call.descriptor);
}

void SocketTrace::remember(const sys::SocketCall& call, int error) {
    const bool is_birth = call.name == Name::socket || call.name == Name::accept;
    if (is_birth && error == 0) {
        lives_[static_cast<int>(call.result)] = {.since = Clock::now(), .is_connection = call.name == Name::accept};
        return;
    }
    const auto found = lives_.find(call.descriptor);
    if (found == lives_.end()) return;
    Life& life = found->second;
    if (call.name == Name::connect && role_ == Role::client) life.is_connection = true;  // a server looks whether a path is in use
    if (error == ECONNRESET || error == EPIPE) {
        if (life.ending == Ending::open) life.ending = Ending::peer_reset;
    } else if (error == 0 && call.name == Name::read) {
        life.octets_read += static_cast<std::uint64_t>(call.result);
        if (call.result == 0 && life.ending == Ending::open) life.ending = Ending::peer_finished;
    } else if (error == 0 && (call.name == Name::write || call.name == Name::send_file)) {
        life.octets_written += static_cast<std::uint64_t>(call.result);
    }
}

void SocketTrace::ending(int descriptor, Name how) noexcept {
    const auto found = lives_.find(descriptor);
    if (found == lives_.end() || !found->second.is_connection || found->second.ending != Ending::open) return;
    Life& life = found->second;
    if (life.has_heir && how == Name::close) return;  // the connection goes on without us
    life.ending = ending_of(descriptor, life, how);
}

SocketTrace::Ending SocketTrace::ending_of(int descriptor, const Life& life, Name how) const noexcept {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    const bool was_used = role_ == Role::server || life.octets_read + life.octets_written > 0;
    if (!was_used && ::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) < 0) return Ending::unconnected;
    pollfd state{.fd = descriptor, .events = POLLRDHUP, .revents = 0};
    (void)::poll(&state, 1, 0);
    int unread = 0;
    (void)::ioctl(descriptor, FIONREAD, &unread);
    if ((state.revents & POLLERR) != 0) return Ending::peer_reset;
    if ((state.revents & POLLRDHUP) != 0) return Ending::peer_finished;
    // RFC 1122 section 4.2.2.13: to close with octets unread says that they are lost, with a reset.
    return how == Name::close && unread > 0 ? Ending::we_reset : Ending::we_finished;
}

void SocketTrace::accepted(int listener, int descriptor) {
    if (const auto facts = sys::tcp_facts(descriptor)) note(handshake_text(descriptor, *facts));
    if (const auto queue = sys::tcp_facts(listener)) {
        note(fmt::format("queue of {}: {} of {} wait for accept", listener, queue->queued, queue->queue_max));
    }
}

std::string SocketTrace::remark_on(const sys::SocketCall& call, int error) {
    if (error != 0) return error_text(call.name, error);
    switch (call.name) {
        case Name::accept:
            return fmt::format("from {}", call.address->text());
        case Name::read:
            return call.result == 0 ? fmt::format("end of input: the {} has sent its FIN", peer_) : "";
        case Name::shutdown:
            return "our FIN: we have said everything";
        case Name::close:
            return farewell(call.descriptor);
        default:
            return {};
    }
}

std::string SocketTrace::farewell(int descriptor) {
    const Life& life = lives_[descriptor];
    if (life.inherited_from != 0 && !life.is_connection) return fmt::format("process {}, our parent, goes on with it", life.inherited_from);
    if (!life.is_connection) return {};
    if (life.has_heir && life.ending == Ending::open) return "the child has it too: no FIN while it holds it";
    std::string text = fmt::format("after {:.3f} ms, {} octets read and {} written; ", milliseconds(Clock::now() - life.since),
                                   life.octets_read, life.octets_written);
    switch (life.ending) {
        case Ending::peer_finished:
            return text + fmt::format("the {} hung up first", peer_);
        case Ending::peer_reset:
            return text + fmt::format("the {} broke off (a reset)", peer_);
        case Ending::we_reset:
            return text + "we broke off with octets unread (a reset)";
        case Ending::unconnected:
            return "it was never connected";
        case Ending::we_finished:
        case Ending::open:
            return text + "we hung up first";
    }
    return text;
}

void SocketTrace::forked_parent() {
    if (present == nullptr) return;
    for (auto& [descriptor, life] : present->lives_) life.has_heir = true;
}

void SocketTrace::forked_child() {
    if (present == nullptr) return;
    std::string shared;
    for (auto& [descriptor, life] : present->lives_) {
        life.inherited_from = ::getppid();
        shared += fmt::format(" {}", descriptor);
    }
    present->line("\033[33m", fmt::format("fork: a child of {}, which has its sockets too:{}", ::getppid(), shared), "");
}

}  // namespace webserv::app
