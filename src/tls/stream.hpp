// tls/stream.hpp: TLS over another stream, as a stream: what is above neither knows nor cares. Both roles.
// What there is to say at a time leaves in one write: records gather, and so do the handshake's last words with the first response.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/frame_pool.hpp"
#include "io/stream.hpp"
#include "tls/context.hpp"
#include "tls/session_memory.hpp"

namespace webserv::tls {

inline constexpr std::size_t record_bytes_max = 16'384;  ///< RFC 8446 section 5.1

/// Who wants to see a handshake.
class MessageObserver {
public:
    /// @param name  as RFC 8446 section 4 calls it: "ClientHello"
    virtual void message(bool sent, std::string_view name, std::size_t octets) = 0;

protected:
    ~MessageObserver() = default;
};

class Stream;

/// Who gives a connection its certificates, once it is known what the client has said.
class CertificateSource {
public:
    /// @return whether the handshake can go on; otherwise it fails, and why is the source's to tell
    [[nodiscard]] virtual bool provide(const Stream& stream) = 0;

protected:
    ~CertificateSource() = default;
};

class Stream final : public io::Stream {
public:
    /// Keeps `inner`, which has to outlive it and is no TLS itself. The role is the context's.
    /// @param record_bytes  what a record may hold, up to record_bytes_max (ssl_buffer_size)
    Stream(io::Stream& inner, const Context& context, std::size_t record_bytes = record_bytes_max);
    ~Stream() override;  ///< tells the peer that this is the end, if that takes no waiting

    static void* operator new(std::size_t bytes) { return frame_pool::allocate(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept { frame_pool::release(memory, bytes); }

    /// Octets of the peer's that somebody else has read from `inner`. Before anything else.
    void begin_with(std::string_view octets);
    /// For a server: one of the context's application protocols is not spoken with this peer. A literal; before the handshake.
    void leave_out(const char* application_protocol) noexcept;
    /// What is written from now on lies in memory of the process's own, never in a file's mapping, which may be cut off meanwhile:
    /// it can be encrypted from where it lies.
    void write_own_memory() noexcept { writes_own_memory_ = true; }
    /// For a server: before the handshake; the source outlives that.
    void ask_for_certificates(CertificateSource& source);
    /// For a client: the server to ask for, a name or an address, which its certificate has to be for. Before the handshake.
    [[nodiscard]] Outcome expect_server(const std::string& name);

    /// One step of the handshake; not blocked: it is done, or early data has come that can be answered before (is_early()). What a server
    /// says last leaves with what it says next, or before it waits. Errors: protocol_error, of which failure() knows more;
    /// connection_aborted: the peer went; those of `inner`.
    Result<io::Attempt> try_handshake();
    [[nodiscard]] std::string_view failure() const noexcept;  ///< what was wrong, with the handshake or later, in nginx's words
    /// The client has asked for what nobody needs (new keys again and again, another handshake): its connection ends.
    [[nodiscard]] bool is_abused() const noexcept { return abused_; }

    Result<io::Attempt> try_read(std::span<char> into) override;
    Result<io::Attempt> try_write(std::span<const iovec> from, bool more_follows = false) override;
    Result<io::Attempt> try_send_file(const sys::Fd& file, io::FileSlice slice, bool more_follows = false) override;
    /// Also: what the peer still sends is not decrypted any more. It is for dropping.
    Result<io::Attempt> finish_writing() override;
    /// The end of what is encrypted, without the end of the connection: the peer knows that nothing was cut off (RFC 8446 section 6.1).
    /// After early data it waits until the handshake is over.
    Result<io::Attempt> say_goodbye();
    void cancel() override { inner_.cancel(); }
    [[nodiscard]] bool peer_gone() const noexcept override { return peer_finished_ || inner_.peer_gone(); }
    [[nodiscard]] io::TimePoint now() const noexcept override { return inner_.now(); }
    void take_rest() override;
    [[nodiscard]] bool is_ready(io::Readiness readiness) const noexcept override;
    void wait(io::Readiness readiness, io::Deadline deadline, io::Waiter waiter) override;
    Result<> outcome(io::Readiness readiness) override { return inner_.outcome(readiness); }

    /// The handshake goes on: what was read so far came in early data, and may have been sent by anybody who has seen it before.
    [[nodiscard]] bool is_early() const noexcept;
    /// Whether a record's octets wait to be read here.
    [[nodiscard]] bool has_buffered() const noexcept;
    [[nodiscard]] ssl_st* handle() const noexcept { return session_.get(); }

    /// Is told of each message of the handshake and of each alert, until it is replaced (null: by nobody).
    void observe(MessageObserver* observer);

    class Pipe;  ///< what OpenSSL reads from and writes to
    struct Gathering;

private:
    friend class Pipe;
    class Records;
    enum class EarlyData : unsigned char { none, expected, open, ended };  // ended: all has come, but not the handshake's end
    struct Rare;                                                           // what a connection has now and then

    [[nodiscard]] Rare& rare();
    void forget_rare() noexcept;
    [[nodiscard]] bool has_unsent() const noexcept;
    [[nodiscard]] bool has_held() const noexcept;
    [[nodiscard]] bool hold(std::span<const iovec> from);
    [[nodiscard]] Result<> encrypt_held();
    Gathering& begin_gathering();
    [[nodiscard]] std::optional<Result<io::Attempt>> finish_earlier();
    [[nodiscard]] Result<std::size_t> flush(std::string_view octets, bool more_follows = false);
    [[nodiscard]] Result<std::size_t> flush_unsent();
    [[nodiscard]] Result<io::Attempt> send_gathered(std::size_t plain_bytes, bool more_follows);
    [[nodiscard]] io::Attempt blocked_after(std::size_t bytes) noexcept;
    [[nodiscard]] Result<> encrypt(const char* octets, std::size_t bytes);
    [[nodiscard]] int decrypt(std::span<char> into, std::size_t& count);
    [[nodiscard]] int decrypt_early(std::span<char> into, std::size_t& count);
    [[nodiscard]] int shake_hands();
    [[nodiscard]] bool finish_handshake();
    static void on_event(const ssl_st* session, int where, int what);
    void abuse(std::string_view how);
    [[nodiscard]] Result<io::Attempt> say_end();
    [[nodiscard]] std::size_t next_record_bytes() const noexcept;
    [[nodiscard]] std::unexpected<Error> fail(std::errc code, const char* doing) noexcept;
    [[nodiscard]] std::unexpected<Error> fail_handshake(int error);

    io::Stream& inner_;
    Session session_;
    std::unique_ptr<Rare> rare_;
    io::TimePoint wrote_{};       // last: after a pause records are small again
    std::uint32_t promised_ = 0;  // octets that are encrypted, and not reported as written yet
    std::uint16_t record_bytes_;
    std::uint8_t small_records_ = 0;  // since the last pause
    bool is_server_;
    EarlyData early_data_ = EarlyData::none;
    bool starved_ = false;      // what OpenSSL holds is no record yet: only more from `inner` helps
    bool established_ = false;  // the handshake is done
    bool failed_ = false;
    bool writes_own_memory_ = false;
    bool said_goodbye_ = false;
    bool abused_ = false;
    std::uint8_t disturbances_ = 0;  // see disturbances_max
    bool peer_finished_ = false;
};

/// The whole handshake. Errors: timed_out, operation_canceled, those of try_handshake().
Task<Result<>> handshake(Stream& stream, io::Deadline deadline);
/// The whole goodbye. Errors: timed_out, operation_canceled, those of the inner stream.
Task<Result<>> say_goodbye(Stream& stream, io::Deadline deadline);

}  // namespace webserv::tls
