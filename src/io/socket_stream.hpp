// io/socket_stream.hpp: a connected socket as a Stream, registered with the loop once, edge-triggered.
#pragma once

#include "io/loop.hpp"
#include "io/scope.hpp"
#include "io/stream.hpp"
#include "sys/fd.hpp"

namespace webserv::io {

class SocketStream final : public Stream, private Watcher, private Timer, public Cancellable {
public:
    /// Registers `socket` with the loop. Failure shows at the first operation.
    SocketStream(Loop& loop, Scope* scope, sys::Fd socket);
    ~SocketStream() override;

    Result<Attempt> try_read(std::span<char> into) override;
    Result<Attempt> try_write(std::span<const iovec> from, bool more_follows = false) override;
    Result<Attempt> try_send_file(const sys::Fd& file, FileSlice slice) override;
    Result<> finish_writing() override;
    void cancel() override;
    [[nodiscard]] bool peer_gone() const noexcept override;
    [[nodiscard]] TimePoint now() const noexcept override { return loop_.now(); }

    [[nodiscard]] const sys::Fd& socket() const noexcept { return socket_; }

private:
    struct Side {  // one direction: who waits, until when, and what is known
        std::coroutine_handle<> waiter;
        Deadline deadline = never;
        bool ready = true;  // nothing is known at first: trying is the way to find out
        bool timed_out = false;
    };
    void on_events(std::uint32_t events) override;
    void expired() override;
    bool is_ready(Readiness readiness) const noexcept override;
    void wait(Readiness readiness, Deadline deadline, std::coroutine_handle<> waiter) override;
    Result<> outcome(Readiness readiness) override;

    Loop& loop_;
    sys::Fd socket_;
    Side read_, write_;
    bool peer_finished_ = false;
    bool cancelled_ = false;
};

}  // namespace webserv::io
