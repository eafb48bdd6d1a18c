// io/memory_stream.cpp: parcels of octets with a time of arrival, and dice.
// Every change settles both ends: who may go on is posted to the loop, never resumed on the spot.
#include "io/memory_stream.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace webserv::io {

MemoryStream::Pair MemoryStream::make_pair(Loop& loop, Scope* scope, const Faults& faults) {
    auto wire = std::make_shared<Wire>();
    wire->faults = faults;
    wire->random.seed(faults.seed);
    std::unique_ptr<MemoryStream> first{new MemoryStream{loop, scope, wire, 0}};
    std::unique_ptr<MemoryStream> second{new MemoryStream{loop, scope, wire, 1}};
    return {std::move(first), std::move(second)};
}

MemoryStream::MemoryStream(Loop& loop, Scope* scope, std::shared_ptr<Wire> wire, std::size_t index)
    : Cancellable{scope}, loop_{loop}, wire_{std::move(wire)}, index_{index}, cancelled_{born_cancelled()} {
    wire_->ends[index_] = this;
}

MemoryStream::~MemoryStream() {
    assert(!read_.waited_for && !write_.waited_for);
    loop_.timers().disarm(*this);
    outgoing().finished = true;
    wire_->ends[index_] = nullptr;
    settle_peer();
}

Result<Attempt> MemoryStream::try_read(std::span<char> into) {
    assert(!into.empty());
    if (const auto refused = refusal(Readiness::readable); refused != Readiness::none) return Attempt{.blocked_on = refused};
    if (wire_->broken || !may_move(Readiness::readable)) return blocked_or_broken(Readiness::readable, "recv");
    Pipe& pipe = incoming();
    const std::size_t wanted = shortened(std::min(into.size(), pipe.octets));
    std::size_t count = 0;
    while (count < wanted && !pipe.parcels.empty() && pipe.parcels.front().arrival <= now()) {
        Parcel& parcel = pipe.parcels.front();
        const std::size_t taken = std::min(wanted - count, parcel.octets.size() - parcel.read);
        std::memcpy(into.data() + count, parcel.octets.data() + parcel.read, taken);
        parcel.read += taken;
        if (parcel.read == parcel.octets.size()) pipe.parcels.pop_front();
        count += taken;
    }
    pipe.octets -= count;
    settle_peer();
    return Attempt{.count = count};
}

Result<Attempt> MemoryStream::try_write(std::span<const iovec> from, bool more_follows) {
    if (const auto refused = refusal(Readiness::writable); refused != Readiness::none) return Attempt{.blocked_on = refused};
    if (!may_send()) return blocked_or_broken(Readiness::writable, "send");
    std::string octets;
    std::size_t room = wire_->faults.capacity_bytes - outgoing().octets;
    for (const iovec& part : from) {
        const std::size_t fitting = std::min(room, part.iov_len);
        octets.append(static_cast<const char*>(part.iov_base), fitting);
        room -= fitting;
    }
    keeps_back_ = more_follows;
    return Attempt{.count = send(std::move(octets))};
}

Result<Attempt> MemoryStream::try_send_file(const sys::Fd& file, FileSlice slice, bool more_follows) {
    if (const auto refused = refusal(Readiness::writable); refused != Readiness::none) return Attempt{.blocked_on = refused};
    if (!may_send()) return blocked_or_broken(Readiness::writable, "sendfile");
    std::string octets(std::min<std::uint64_t>(slice.length, wire_->faults.capacity_bytes - outgoing().octets), '\0');
    const ssize_t count = ::pread(file.get(), octets.data(), octets.size(), static_cast<off_t>(slice.offset));
    if (count < 0) return failed("pread");
    octets.resize(static_cast<std::size_t>(count));
    keeps_back_ = more_follows;
    return Attempt{.count = send(std::move(octets))};
}

Result<Attempt> MemoryStream::finish_writing() {
    outgoing().finished = true;
    settle_peer();
    return Attempt{};
}

void MemoryStream::cancel() {
    cancelled_ = true;
    settle();
}

bool MemoryStream::peer_gone() const noexcept { return wire_->broken || (incoming().finished && incoming().last_arrival <= now()); }

void MemoryStream::reset() {
    wire_->broken = true;
    settle();
    settle_peer();
}

void MemoryStream::expired() { settle(); }

bool MemoryStream::is_ready(Readiness readiness) const noexcept {
    const Side& asked = readiness == Readiness::writable ? write_ : read_;
    return cancelled_ || wire_->broken || (!asked.refused && may_move(readiness));
}

void MemoryStream::wait(Readiness readiness, Deadline deadline, Waiter waiter) {
    Side& waiting = side(readiness);
    assert(!waiting.waited_for);
    waiting.waited_for = true;
    if (std::exchange(waiting.refused, false)) return loop_.post(waiter);
    waiting.waiter = waiter;
    waiting.deadline = deadline;
    settle();
}

Result<> MemoryStream::outcome(Readiness readiness) {
    Side& waited = side(readiness);
    waited.waited_for = false;
    const bool timed_out = std::exchange(waited.timed_out, false);
    if (cancelled_) return std::unexpected{Error{.code = std::errc::operation_canceled, .doing = "wait"}};
    if (timed_out) return std::unexpected{Error{.code = std::errc::timed_out, .blame = Blame::downstream, .doing = "wait"}};
    return {};
}

/// What a fault makes of an attempt: the readiness it claims to lack, if any. May break the connection.
Readiness MemoryStream::refusal(Readiness readiness) {
    const Faults& faults = wire_->faults;
    if (!wire_->broken && chance(faults.resets)) reset();
    if (wire_->broken) return Readiness::none;
    Readiness lacking = readiness;
    if (chance(faults.crossed_refusals)) {
        lacking = readiness == Readiness::readable ? Readiness::writable : Readiness::readable;
    } else if (!chance(faults.refusals)) {
        return Readiness::none;
    }
    // Who waits there already is told when it may go on; only a wait that begins now would wait in vain.
    if (!side(lacking).waiter) side(lacking).refused = true;
    return lacking;
}

std::size_t MemoryStream::shortened(std::size_t bytes) {
    return bytes > 1 && chance(wire_->faults.short_transfers) ? 1 + wire_->random() % (bytes - 1) : bytes;
}

bool MemoryStream::may_send() const noexcept {
    const bool somebody_reads = wire_->ends[1 - index_] != nullptr;
    return !wire_->broken && somebody_reads && !outgoing().finished && may_move(Readiness::writable);
}

bool MemoryStream::may_move(Readiness readiness) const noexcept {
    if (readiness == Readiness::writable) {
        const bool nobody_reads = wire_->ends[1 - index_] == nullptr;  // the attempt will fail, which is an answer
        return nobody_reads || outgoing().octets < wire_->faults.capacity_bytes;
    }
    return next_arrival() <= now();
}

/// When there is something to read: octets or the end of input.
TimePoint MemoryStream::next_arrival() const noexcept {
    const Pipe& pipe = incoming();
    if (!pipe.parcels.empty()) return pipe.parcels.front().arrival;
    return pipe.finished ? pipe.last_arrival : never;
}

Result<Attempt> MemoryStream::blocked_or_broken(Readiness readiness, const char* doing) {
    if (readiness == Readiness::writable && (outgoing().finished || wire_->ends[1 - index_] == nullptr)) {
        return std::unexpected{Error{.code = std::errc::broken_pipe, .blame = Blame::downstream, .doing = doing}};
    }
    if (!wire_->broken) return Attempt{.blocked_on = readiness};
    return std::unexpected{Error{.code = std::errc::connection_reset, .blame = Blame::downstream, .doing = doing}};
}

/// Puts on its way what fits.
std::size_t MemoryStream::send(std::string octets) {
    Pipe& pipe = outgoing();
    octets.resize(shortened(std::min(octets.size(), wire_->faults.capacity_bytes - pipe.octets)));
    const std::size_t count = octets.size();
    if (count == 0) return 0;
    const auto delay = std::chrono::milliseconds{wire_->random() % (static_cast<std::uint64_t>(wire_->faults.delay_max.count()) + 1)};
    pipe.last_arrival = std::max(pipe.last_arrival, now() + delay);
    pipe.octets += count;
    octets_written_ += count;
    pipe.parcels.push_back(Parcel{.octets = std::move(octets), .arrival = pipe.last_arrival});
    settle_peer();
    return count;
}

/// Posts the waiters whose wait is over, and arms the timer for the others.
void MemoryStream::settle() {
    Deadline next = never;
    for (const Readiness readiness : {Readiness::readable, Readiness::writable}) {
        Side& waiting = side(readiness);
        if (!waiting.waiter) continue;
        const bool ready = is_ready(readiness);
        waiting.timed_out = !ready && waiting.deadline <= now();
        if (ready || waiting.timed_out) {
            loop_.post(std::exchange(waiting.waiter, {}));
            continue;
        }
        next = std::min(next, waiting.deadline);
        if (readiness == Readiness::readable) next = std::min(next, next_arrival());
    }
    if (next != never) loop_.timers().arm(*this, next);
}

void MemoryStream::settle_peer() {
    if (MemoryStream* const peer = wire_->ends[1 - index_]; peer != nullptr) peer->settle();
}

}  // namespace webserv::io
