// h1/response_content.hpp: a response's content as a Source: framed by its length, chunked, or by the connection's end.
// Read as it is asked for, so a slow reader slows the server down. Pieces are views of the connection's buffer.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "h1/chunked.hpp"
#include "h1/input.hpp"
#include "h1/writer.hpp"
#include "io/source.hpp"

namespace webserv::h1 {

/// Errors of next(), all blamed on the upstream but the reader's own: connection_aborted (the server ended the connection before the
/// content's end), bad_message (wrong chunks), timed_out, operation_canceled, the stream's.
class ResponseContent final : public io::Source {
public:
    explicit ResponseContent(Input& input) noexcept : input_{input} {}

    /// The content of another response, whose head has just been taken from the input.
    void begin(Framing framing, std::uint64_t length);

    [[nodiscard]] std::optional<std::uint64_t> length() const override;
    Task<Result<io::Piece>> next(std::uint64_t bytes_max) override;
    void cancel() override { cancelled_ = true; }

    void set_patience(std::chrono::milliseconds between_reads) noexcept { patience_ = between_reads; }
    void set_deadline(io::Deadline deadline) noexcept { deadline_ = deadline; }

    /// Whether its end was reached: only then may another response follow.
    [[nodiscard]] bool finished() const noexcept { return finished_; }
    /// The trailer section, as it came, once the content has ended.
    [[nodiscard]] std::string_view trailers() const noexcept { return trailers_; }

private:
    std::string_view take_counted(std::uint64_t bytes_max);
    std::string_view take_decoded(std::uint64_t bytes_max);
    Task<Result<>> fill();

    Input& input_;
    ChunkedDecoder decoder_;
    std::string trailers_;
    Framing framing_ = Framing::none;
    bool finished_ = true;
    bool cancelled_ = false;
    std::uint64_t left_ = 0;    // octets to come, if they are counted
    std::string_view decoded_;  // of the last chunk data met, not handed out yet
    std::optional<Error> error_;
    std::chrono::milliseconds patience_ = std::chrono::milliseconds::max();
    io::Deadline deadline_ = io::never;
};

}  // namespace webserv::h1
