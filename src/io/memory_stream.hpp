// io/memory_stream.hpp: two streams joined in memory, for tests of everything above a stream.
// What the network may do to us (short transfers, refusals, delays, resets) comes from a seed: a failure can be repeated.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "io/loop.hpp"
#include "io/scope.hpp"
#include "io/stream.hpp"

namespace webserv::io {

/// Each probability is in percent and applies to every attempt. Without any, the pair behaves like a socket pair.
struct Faults {
    std::uint64_t seed = 1;
    unsigned short_transfers = 0;            ///< fewer octets are moved than could be
    unsigned refusals = 0;                   ///< "blocked", although it is not
    unsigned crossed_refusals = 0;           ///< ... on the other direction, as TLS may: only one coroutine may wait then
    unsigned resets = 0;                     ///< the connection breaks
    std::chrono::milliseconds delay_max{0};  ///< on the way, drawn for each write; the order is kept
    std::size_t capacity_bytes = 64U << 10;  ///< in flight in one direction; a writer is blocked beyond
};

class MemoryStream final : public Stream, private Timer, public Cancellable {
public:
    using Pair = std::pair<std::unique_ptr<MemoryStream>, std::unique_ptr<MemoryStream>>;
    /// @param scope  whose cancel() ends the waits on both; may be null
    [[nodiscard]] static Pair make_pair(Loop& loop, Scope* scope, const Faults& faults = {});
    ~MemoryStream() override;  ///< nobody may wait any more; the peer reads an end of input

    Result<Attempt> try_read(std::span<char> into) override;
    Result<Attempt> try_write(std::span<const iovec> from, bool more_follows = false) override;
    Result<Attempt> try_send_file(const sys::Fd& file, FileSlice slice, bool more_follows = false) override;
    Result<Attempt> finish_writing() override;
    void cancel() override;
    [[nodiscard]] bool peer_gone() const noexcept override;
    [[nodiscard]] TimePoint now() const noexcept override { return loop_.now(); }
    [[nodiscard]] bool is_ready(Readiness readiness) const noexcept override;
    void wait(Readiness readiness, Deadline deadline, Waiter waiter) override;
    Result<> outcome(Readiness readiness) override;

    /// Breaks the connection: both ends meet connection_reset.
    void reset();
    [[nodiscard]] std::uint64_t octets_written() const noexcept { return octets_written_; }
    /// Whether the last write said that more follows: a kernel could still keep back some of it.
    [[nodiscard]] bool keeps_back() const noexcept { return keeps_back_; }

private:
    struct Parcel {
        std::string octets{};
        TimePoint arrival{};
        std::size_t read = 0;  // of them
    };
    struct Pipe {  // one direction
        std::deque<Parcel> parcels;
        std::size_t octets = 0;
        TimePoint last_arrival{};
        bool finished = false;
    };
    struct Wire {  // shared by both ends
        Faults faults;
        std::mt19937_64 random;
        std::array<Pipe, 2> pipes{};  // [i] is written by ends[i]
        std::array<MemoryStream*, 2> ends{};
        bool broken = false;
    };
    struct Side {
        Waiter waiter;
        Deadline deadline = never;
        bool refused = false;  // by a fault: the next wait is over at once
        bool timed_out = false;
        bool waited_for = false;  // until the waiter has its outcome
    };

    MemoryStream(Loop& loop, Scope* scope, std::shared_ptr<Wire> wire, std::size_t index);

    void expired() override;

    [[nodiscard]] bool chance(unsigned percent) { return wire_->random() % 100 < percent; }
    [[nodiscard]] Readiness refusal(Readiness readiness);
    [[nodiscard]] std::size_t shortened(std::size_t bytes);
    [[nodiscard]] bool may_send() const noexcept;
    [[nodiscard]] bool may_move(Readiness readiness) const noexcept;
    [[nodiscard]] TimePoint next_arrival() const noexcept;
    [[nodiscard]] Result<Attempt> blocked_or_broken(Readiness readiness, const char* doing);
    [[nodiscard]] std::size_t send(std::string octets);
    void settle();
    void settle_peer();

    Pipe& outgoing() const noexcept { return wire_->pipes[index_]; }
    Pipe& incoming() const noexcept { return wire_->pipes[1 - index_]; }
    Side& side(Readiness readiness) noexcept { return readiness == Readiness::writable ? write_ : read_; }

    Loop& loop_;
    std::shared_ptr<Wire> wire_;
    std::size_t index_;
    bool cancelled_ = false;
    std::uint64_t octets_written_ = 0;
    bool keeps_back_ = false;
    Side read_, write_;
};

}  // namespace webserv::io
