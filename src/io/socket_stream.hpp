// io/socket_stream.hpp: a connected socket as a Stream, registered with the loop when it first waits, edge-triggered.
// What the kernel has told is remembered, so that no call is made only to hear that it would block.
#pragma once

#include "io/loop.hpp"
#include "io/scope.hpp"
#include "io/stream.hpp"
#include "sys/fd.hpp"

namespace webserv::io {

class SocketStream final : public Stream, private Watcher, private Timer, public Cancellable {
public:
    /// For a connection that we open: after connect(2) was called; writing is then the way to learn how it went.
    /// @param scope  whose cancel() ends the waits here; may be null
    /// @param peer   who is to blame for timeouts and resets
    SocketStream(Loop& loop, Scope* scope, sys::Fd socket, Blame peer = Blame::downstream);
    ~SocketStream() override;  ///< nobody may wait any more

    Result<Attempt> try_read(std::span<char> into) override;
    Result<Attempt> try_write(std::span<const iovec> from, bool more_follows = false) override;
    /// sendfile(2), which knows no MSG_NOSIGNAL: the process has to ignore SIGPIPE.
    Result<Attempt> try_send_file(const sys::Fd& file, FileSlice slice, bool more_follows = false) override;
    Result<Attempt> finish_writing() override;
    void cancel() override;
    [[nodiscard]] bool peer_gone() const noexcept override;
    [[nodiscard]] TimePoint now() const noexcept override { return loop_.now(); }
    [[nodiscard]] bool is_ready(Readiness readiness) const noexcept override;
    void wait(Readiness readiness, Deadline deadline, Waiter waiter) override;
    Result<> outcome(Readiness readiness) override;

    [[nodiscard]] const sys::Fd& descriptor() const noexcept { return socket_; }
    /// What this stream may move in one turn of the loop, and by one call, before others are served; 0: as much as the kernel takes.
    void set_share(std::uint64_t bytes) noexcept;
    /// Whether files leave in full segments, also those that take several calls (nginx's tcp_nopush). Off: what was kept back leaves.
    void send_full_segments(bool on) noexcept;
    /// Before anything was read: octets are not worth a call before the kernel tells of them.
    void expect_nothing_yet() noexcept { read_.ready = false; }
    /// Everything that had come was read: the kernel will say when there is more.
    [[nodiscard]] bool has_read_all() const noexcept { return !read_.ready; }

private:
    static constexpr std::uint32_t share_bytes = 2U << 20;  // nginx's sendfile_max_chunk
    enum class Cork : unsigned char { unused, allowed, set };

    struct Side {  // one direction: who waits, until when, and what is known
        Waiter waiter;
        Deadline deadline = never;
        bool ready = true;  // nothing is known at first: trying is the way to find out
        bool timed_out = false;
        bool waited_for = false;  // until the waiter has its outcome
    };
    void on_events(std::uint32_t events) override;
    void expired() override;
    Side& side(Readiness readiness) noexcept { return readiness == Readiness::writable ? write_ : read_; }
    void register_for(Readiness readiness) noexcept;
    void arm_for(Deadline deadline);
    [[nodiscard]] bool has_share() const noexcept;
    void spend(std::size_t bytes) noexcept;
    void cork() noexcept;
    [[nodiscard]] Result<Attempt> refused(Readiness readiness, const char* doing) noexcept;

    sys::Fd socket_;
    Loop& loop_;
    Blame peer_;
    bool peer_finished_ = false;
    bool cancelled_ = false;
    Cork cork_ = Cork::unused;
    std::uint32_t registered_ = 0;  // the events that the loop tells of: none until somebody waits, so a short life needs no call
    std::errc registration_{};      // why it failed; shows at the next operation
    std::uint32_t share_ = share_bytes;
    std::uint32_t turn_ = 0;   // of the loop, in which ...
    std::uint32_t spent_ = 0;  // ... so many octets were moved
    Side read_, write_;
};

}  // namespace webserv::io
