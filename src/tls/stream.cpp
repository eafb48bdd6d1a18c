// tls/stream.cpp: reading, writing and shaking hands, through a BIO that reads from the inner stream and gathers what is written.
// OpenSSL so never waits for room to write: what the inner stream does not take is kept, and reported as not written.
#include "tls/stream.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "sys/file.hpp"
#include "sys/guarded_copy.hpp"
#include "tls/failure.hpp"
#include "tls/stream_parts.hpp"

namespace webserv::tls {
namespace {

using io::Attempt;
using io::Readiness;

// At first, and after a pause, a record fits a segment, whatever tunnel it goes through: a browser can use each as it comes. Once
// as many have left as the congestion window began with (RFC 6928), they are as large as they may be: that costs less.
constexpr std::size_t small_record_bytes = 1'369;
constexpr unsigned small_records_max = 10;
constexpr std::chrono::seconds pause_min{1};

}  // namespace

class Stream::Pipe {
public:
    static const BIO_METHOD* method() {
        static BIO_METHOD* const made = make();
        return made;
    }

private:
    static BIO_METHOD* make() {
        BIO_METHOD* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "webserv stream");
        if (method == nullptr) return nullptr;
        BIO_meth_set_read_ex(method, read);
        BIO_meth_set_write_ex(method, write);
        BIO_meth_set_ctrl(method, control);
        return method;
    }
    static Stream& stream_of(BIO* bio) { return *static_cast<Stream*>(BIO_get_data(bio)); }

    static int write(BIO* /*bio*/, const char* octets, std::size_t bytes, std::size_t* written) {
        Gathering::here().cipher.append(octets, bytes);
        *written = bytes;
        return 1;
    }
    static int read(BIO* bio, char* into, std::size_t bytes, std::size_t* count) {
        Stream& stream = stream_of(bio);
        BIO_clear_retry_flags(bio);
        if (stream.abused_) return 0;
        if (Rare* const rare = stream.rare_.get(); rare != nullptr && rare->begun_taken < rare->begun.size()) {
            *count = rare->begun.copy(into, bytes, rare->begun_taken);
            rare->begun_taken += *count;
            return 1;
        }
        if (!stream.inner_.is_ready(Readiness::readable)) {
            BIO_set_retry_read(bio);
            return 0;
        }
        const auto attempt = stream.inner_.try_read({into, bytes});
        if (!attempt) {
            stream.rare().inner_error = attempt.error();
            return 0;
        }
        *count = attempt->count;
        if (attempt->blocked_on != Readiness::none) {
            BIO_set_retry_read(bio);
        } else if (attempt->count == 0) {
            stream.peer_finished_ = true;
        }
        return attempt->count > 0 ? 1 : 0;
    }
    static long control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
        if (command == BIO_CTRL_EOF) return stream_of(bio).peer_finished_ ? 1 : 0;
        return command == BIO_CTRL_FLUSH ? 1 : 0;
    }
};

/// Octets from several places, cut into records and encrypted.
class Stream::Records {
public:
    Records(Stream& stream, Gathering& gathering) : stream_{stream}, plain_{gathering.plain.get()} {}

    /// From memory that may be a file's: if that has been truncated, the copy is how we learn it.
    [[nodiscard]] Result<> add(const char* octets, std::size_t bytes) {
        while (stream_.writes_own_memory_ && filled_ == 0 && bytes >= limit_) {
            if (auto done = stream_.encrypt(octets, limit_); !done) return done;
            octets += limit_;
            bytes -= limit_;
            limit_ = stream_.next_record_bytes();
        }
        while (bytes > 0) {
            const std::size_t part = std::min(bytes, limit_ - filled_);
            if (!sys::copy_guarded(plain_ + filled_, octets, part)) return stream_.fail(std::errc::bad_address, "send");
            filled_ += part;
            octets += part;
            bytes -= part;
            if (filled_ < limit_) break;
            if (auto done = end(); !done) return done;
        }
        return {};
    }
    [[nodiscard]] Result<> end() {
        const std::size_t bytes = std::exchange(filled_, 0);
        if (bytes == 0) return {};
        auto done = stream_.encrypt(plain_, bytes);
        limit_ = stream_.next_record_bytes();
        return done;
    }

private:
    Stream& stream_;
    char* plain_;
    std::size_t limit_ = stream_.next_record_bytes();
    std::size_t filled_ = 0;
};

Stream::Stream(io::Stream& inner, const Context& context, std::size_t record_bytes)
    : inner_{inner},
      session_{context.handle()},
      record_bytes_{static_cast<std::uint16_t>(std::clamp<std::size_t>(record_bytes, 1, record_bytes_max))},
      is_server_{SSL_CTX_get_ssl_method(context.handle()) == TLS_server_method()} {
    BIO* const bio = session_ ? BIO_new(Pipe::method()) : nullptr;
    failed_ = bio == nullptr;
    if (failed_) return;
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(session_.get(), bio, bio);  // takes it
    if (is_server_) {
        SSL_set_accept_state(session_.get());
        SSL_set_info_callback(session_.get(), on_event);
        if (SSL_get_max_early_data(session_.get()) > 0) early_data_ = EarlyData::expected;
    } else {
        SSL_set_connect_state(session_.get());
    }
}

Stream::~Stream() {
    if (!said_goodbye_) (void)say_end();
}

Stream::Rare& Stream::rare() {
    if (!rare_) rare_ = std::make_unique<Rare>();
    return *rare_;
}

// An idle connection has none.
void Stream::forget_rare() noexcept {
    const bool has_octets =
        rare_ && (rare_->begun_taken < rare_->begun.size() || rare_->first_early || !rare_->unsent.empty() || rare_->held_bytes > 0);
    if (rare_ && !has_octets && rare_->failure.empty()) rare_.reset();
}

bool Stream::has_held() const noexcept { return rare_ && rare_->held_bytes > 0; }
bool Stream::has_unsent() const noexcept { return rare_ && !rare_->unsent.empty(); }

void Stream::begin_with(std::string_view octets) { rare().begun = octets; }

std::string_view Stream::failure() const noexcept { return rare_ ? std::string_view{rare_->failure} : std::string_view{}; }

bool Stream::has_buffered() const noexcept {
    if (!session_ || said_goodbye_) return false;
    return (rare_ && rare_->first_early) || (!starved_ && SSL_has_pending(session_.get()) == 1);
}

void Stream::take_rest() {
    forget_rare();
    if (!established_ || failed_ || rare_ || has_buffered()) return;
    starved_ = true;  // nobody need look there again before more has come
    session_.rest();
}

bool Stream::is_ready(Readiness readiness) const noexcept {
    return (readiness == Readiness::readable && has_buffered()) || inner_.is_ready(readiness);
}

// Whoever waits has nothing more to say, so that what was to leave with it leaves now.
void Stream::wait(Readiness readiness, io::Deadline deadline, io::Waiter waiter) {
    if (has_held()) {
        Gathering& gathering = begin_gathering();
        if (encrypt_held()) (void)flush(gathering.cipher);  // a failure shows to whoever reads or writes next
    } else if (has_unsent()) {
        (void)flush_unsent();
    }
    inner_.wait(readiness, deadline, waiter);
}

std::unexpected<Error> Stream::fail(std::errc code, const char* doing) noexcept {
    failed_ = true;
    return std::unexpected{Error{.code = code, .blame = is_server_ ? Blame::downstream : Blame::upstream, .doing = doing}};
}

// What has to leave before anything else comes first into what is gathered now.
Stream::Gathering& Stream::begin_gathering() {
    forget_failures();
    Gathering& gathering = Gathering::here();
    gathering.cipher.clear();
    if (has_unsent()) gathering.cipher.assign(std::exchange(rare_->unsent, {}));
    return gathering;
}

/// @return how much has left; the rest is kept
Result<std::size_t> Stream::flush(std::string_view octets, bool more_follows) {
    std::size_t left = 0;
    while (left < octets.size()) {
        const iovec part{const_cast<char*>(octets.data() + left), octets.size() - left};  // it is only read
        const auto attempt = inner_.try_write({&part, 1}, more_follows);
        if (!attempt) {
            failed_ = true;
            return std::unexpected{attempt.error()};
        }
        left += attempt->count;
        if (attempt->blocked_on != Readiness::none) break;
    }
    if (left < octets.size()) {
        rare().unsent.assign(octets.substr(left));
    } else if (rare_) {
        rare_->unsent.clear();
        forget_rare();
    }
    return left;
}

Result<std::size_t> Stream::flush_unsent() {
    const std::string unsent = std::exchange(rare_->unsent, {});
    return flush(unsent);
}

Attempt Stream::blocked_after(std::size_t bytes) noexcept {
    const std::size_t count = promised_ > 0 ? std::min<std::size_t>(promised_ - 1, bytes) : 0;
    promised_ -= static_cast<std::uint32_t>(count);
    return {.count = count, .blocked_on = Readiness::writable};
}

// Nothing: what was promised before has been reported, and something new may be encrypted.
std::optional<Result<Attempt>> Stream::finish_earlier() {
    if (failed_) return fail(std::errc::broken_pipe, "send");
    if (has_unsent() && promised_ > 0) {
        const auto flushed = flush_unsent();
        if (!flushed) return std::unexpected{flushed.error()};
        if (has_unsent()) return blocked_after(*flushed);
    }
    if (promised_ > 0) return Attempt{.count = std::exchange(promised_, 0)};
    if (inner_.now() - wrote_ > pause_min) small_records_ = 0;
    return std::nullopt;
}

std::size_t Stream::next_record_bytes() const noexcept {
    return small_records_ < small_records_max ? std::min<std::size_t>(record_bytes_, small_record_bytes) : record_bytes_;
}

Result<> Stream::encrypt(const char* octets, std::size_t bytes) {
    std::size_t written = 0;
    const auto write = is_early() ? SSL_write_early_data : SSL_write_ex;
    if (write(session_.get(), octets, bytes, &written) != 1) return fail(std::errc::protocol_error, "SSL_write");
    assert(written == bytes);
    if (small_records_ < small_records_max) ++small_records_;
    return {};
}

// It was reported as written: from now on it is among what has to leave first.
Result<> Stream::encrypt_held() {
    if (!has_held()) return {};
    return encrypt(rare_->held.data(), std::exchange(rare_->held_bytes, 0));
}

bool Stream::hold(std::span<const iovec> from) {
    std::size_t filled = rare_ ? rare_->held_bytes : 0;
    std::size_t all = filled;
    for (const iovec& part : from) all += part.iov_len;
    if (all > held_bytes_max) return false;
    char* const held = rare().held.data();
    for (const iovec& part : from) {
        if (!sys::copy_guarded(held + filled, static_cast<const char*>(part.iov_base), part.iov_len)) return false;
        filled += part.iov_len;
    }
    rare_->held_bytes = all;
    return true;
}

Result<Attempt> Stream::send_gathered(std::size_t plain_bytes, bool more_follows) {
    wrote_ = inner_.now();
    promised_ = static_cast<std::uint32_t>(plain_bytes);
    const auto flushed = flush(Gathering::here().cipher, more_follows);
    if (!flushed) return std::unexpected{flushed.error()};
    if (has_unsent()) return blocked_after(*flushed);
    return Attempt{.count = std::exchange(promised_, 0)};
}

Result<Attempt> Stream::try_write(std::span<const iovec> from, bool more_follows) {
    if (auto earlier = finish_earlier()) return *earlier;
    std::size_t all = 0;
    for (const iovec& part : from) all += part.iov_len;
    if (more_follows && hold(from)) return Attempt{.count = all};
    Gathering& gathering = begin_gathering();
    Records records{*this, gathering};
    Result<> done;
    if (has_held()) done = records.add(rare_->held.data(), std::exchange(rare_->held_bytes, 0));
    std::size_t taken = 0;
    for (const iovec& part : from) {
        if (!done || taken == batch_bytes) break;
        const std::size_t bytes = std::min(part.iov_len, batch_bytes - taken);
        done = records.add(static_cast<const char*>(part.iov_base), bytes);
        taken += bytes;
    }
    if (done) done = records.end();
    if (!done) return std::unexpected{done.error()};
    return send_gathered(taken, more_follows);
}

Result<Attempt> Stream::try_send_file(const sys::Fd& file, io::FileSlice slice, bool /*more_follows*/) {
    if (auto earlier = finish_earlier()) return *earlier;
    if (!inner_.is_ready(Readiness::writable)) return Attempt{.blocked_on = Readiness::writable};  // nothing is read in vain
    Gathering& gathering = begin_gathering();
    char* const plain = gathering.plain.get();
    const std::size_t held = has_held() ? rare_->held_bytes : 0;
    if (held > 0) std::copy_n(rare_->held.data(), held, plain);
    const auto count = sys::read_at(file, {plain + held, std::min<std::size_t>(slice.length, batch_bytes)}, slice.offset);
    if (!count) return std::unexpected{count.error()};
    if (held > 0 && *count > 0) rare_->held_bytes = 0;
    for (std::size_t begin = 0; *count > 0 && begin < held + *count;) {
        const std::size_t bytes = std::min(held + *count - begin, next_record_bytes());
        if (auto done = encrypt(plain + begin, bytes); !done) return std::unexpected{done.error()};
        begin += bytes;
    }
    if (*count == 0) return Attempt{};
    return send_gathered(*count, false);
}

/// @return SSL_get_error()'s word
int Stream::decrypt(std::span<char> into, std::size_t& count) {
    if (early_data_ != EarlyData::none) return decrypt_early(into, count);
    const int outcome = SSL_read_ex(session_.get(), into.data(), into.size(), &count);
    return outcome == 1 ? SSL_ERROR_NONE : SSL_get_error(session_.get(), outcome);
}

Result<Attempt> Stream::try_read(std::span<char> into) {
    if (said_goodbye_) return inner_.try_read(into);
    if (failed_) return fail(std::errc::connection_reset, "recv");
    Gathering& gathering = begin_gathering();
    starved_ = false;
    std::size_t count = 0;
    const int error = decrypt(into, count);
    if (!gathering.cipher.empty()) {  // what was unsent before, and answers to what was read
        rare().unsent.assign(gathering.cipher);
    }
    if (abused_) {
        if (has_unsent() && promised_ == 0) (void)flush_unsent();
        return fail(std::errc::protocol_error, "SSL_read");
    }
    if (error == SSL_ERROR_NONE) return Attempt{.count = count};
    if (error == SSL_ERROR_WANT_READ) {
        starved_ = true;
        return Attempt{.blocked_on = Readiness::readable};
    }
    if (error == SSL_ERROR_ZERO_RETURN) {
        peer_finished_ = true;
        return Attempt{};
    }
    if (has_unsent() && promised_ == 0) (void)flush_unsent();  // the alert that says why
    if (rare_ && rare_->inner_error) {
        failed_ = true;
        return std::unexpected{*std::exchange(rare_->inner_error, std::nullopt)};
    }
    if (error == SSL_ERROR_SSL) rare().failure = take_failure("SSL_read()");
    return fail(error == SSL_ERROR_SSL ? std::errc::protocol_error : std::errc::connection_reset, "SSL_read");
}

Result<Attempt> Stream::finish_writing() {
    const auto goodbye = say_end();  // the end of a handshake that goes on is dropped with the rest: there is no need to wait for it
    if (!goodbye || goodbye->blocked_on != Readiness::none) return goodbye;
    return inner_.finish_writing();
}

}  // namespace webserv::tls
