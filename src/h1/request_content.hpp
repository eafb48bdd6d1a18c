// h1/request_content.hpp: a request's content as a Source: framed by its length or chunked, read as it is asked for.
// Pieces are views of the connection's buffer; the head's buffer stays as it is meanwhile.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "h1/chunked.hpp"
#include "h1/input.hpp"
#include "http/message.hpp"
#include "io/source.hpp"

namespace webserv::h1 {

class RequestContent final : public io::Source {
public:
    explicit RequestContent(Input& input) noexcept : input_{input} {}

    /// The content of another request, whose head has just been taken from the input.
    void begin(const http::Request& request) noexcept;

    [[nodiscard]] std::optional<std::uint64_t> length() const override;
    Task<Result<io::Piece>> next(std::uint64_t bytes_max) override;
    void cancel() override { cancelled_ = true; }

    void set_bytes_max(std::uint64_t bytes) noexcept;
    void set_patience(std::chrono::milliseconds between_reads) noexcept { patience_ = between_reads; }

    [[nodiscard]] bool finished() const noexcept { return finished_; }
    /// Octets taken from the connection, framing included.
    [[nodiscard]] std::uint64_t bytes_taken() const noexcept { return bytes_taken_; }
    /// Reads and drops the rest. @return whether its end was reached within both bounds
    Task<bool> discard(std::uint64_t bytes_max, io::Deadline deadline);

private:
    static constexpr std::chrono::seconds default_patience{60};  // client_body_timeout's default

    Task<Result<io::Piece>> pull(std::uint64_t bytes_max);
    Task<Result<>> fill();
    void take(std::size_t bytes) noexcept;
    void decode();
    std::string_view take_decoded(std::uint64_t bytes_max);
    std::string_view take_counted(std::uint64_t bytes_max);
    void fail(std::errc code, const char* doing) noexcept { error_ = Error{.code = code, .blame = Blame::downstream, .doing = doing}; }

    Input& input_;
    ChunkedDecoder decoder_;
    bool chunked_ = false;
    bool finished_ = true;
    bool expects_continue_ = false;  // the client waits for our word before it sends
    bool cancelled_ = false;
    std::uint64_t left_ = 0;       // octets to come, unless chunked
    std::uint64_t received_ = 0;   // content octets, decoded
    std::uint64_t bytes_max_ = 0;  // 0: unlimited
    std::uint64_t bytes_taken_ = 0;
    std::string_view decoded_;  // of the last chunk data met, not handed out yet
    std::optional<Error> error_;
    std::chrono::milliseconds patience_ = default_patience;
    io::Deadline deadline_ = io::never;  // of the whole, while discarding
};

}  // namespace webserv::h1
