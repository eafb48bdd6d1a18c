// h1/writer.cpp: one measure, one piece of arena memory, one pass of copies.
// No formatting library here: this runs once for every response.
#include "h1/writer.hpp"

#include <charconv>
#include <cstring>

#include "http/date.hpp"
#include "http/status.hpp"

namespace webserv::h1 {
namespace {

constexpr std::size_t digits_max = 20;  // of 2^64 - 1
// What the fields with fixed names take beside their values: names, separators, numbers, dates. Measured generously.
constexpr std::size_t fixed_bytes_max = 512;

// Copies into memory that was measured before.
class Pen {
public:
    explicit Pen(char* start) noexcept : start_{start}, end_{start} {}

    Pen& text(std::string_view text) noexcept {
        if (!text.empty()) std::memcpy(end_, text.data(), text.size());
        end_ += text.size();
        return *this;
    }
    Pen& number(std::uint64_t value) noexcept {
        end_ = std::to_chars(end_, end_ + digits_max, value).ptr;
        return *this;
    }
    Pen& date(std::time_t time) noexcept { return text(http::date_text(time)); }
    void field(std::string_view name_and_colon, std::string_view value) noexcept {
        if (!value.empty()) text(name_and_colon).text(value).text("\r\n");
    }
    [[nodiscard]] std::string_view written() const noexcept { return {start_, static_cast<std::size_t>(end_ - start_)}; }

private:
    char* start_;
    char* end_;
};

std::size_t bytes_max(const http::Response& response, const HeadOptions& options) noexcept {
    std::size_t bytes = fixed_bytes_max + response.reason.size() + response.server.size() + options.date.size() +
                        response.content_type.size() + response.location.size() + response.etag.size();
    for (const http::FieldLine& line : response.fields) bytes += line.name.size() + line.value.size() + 4;
    return bytes;
}

void write_status_line(const http::Response& response, Pen& pen) noexcept {
    if (response.status == 200 && response.reason.empty()) {
        pen.text("HTTP/1.1 200 OK\r\n");
        return;
    }
    const std::string_view reason = response.reason.empty() ? http::reason_phrase(response.status) : response.reason;
    const auto digits = http::status_digits(response.status);
    pen.text("HTTP/1.1 ").text({digits.data(), digits.size()}).text(" ").text(reason).text("\r\n");
}

// RFC 9112 section 6.2: no Content-Length beside a transfer coding, nor with a status that never has content.
bool tells_length(const http::Response& response, const HeadOptions& options) noexcept {
    const bool framed = options.framing == Framing::length || options.framing == Framing::none;
    return response.content_length && framed && !http::is_contentless(response.status);
}

void write_connection(const http::Response& response, const HeadOptions& options, Pen& pen) noexcept {
    if (response.status == 101) {
        pen.text("Connection: upgrade\r\n");
        return;
    }
    pen.text(options.persistent ? "Connection: keep-alive\r\n" : "Connection: close\r\n");
    if (options.persistent && options.keep_alive_seconds > 0)
        pen.text("Keep-Alive: timeout=").number(options.keep_alive_seconds).text("\r\n");
}

}  // namespace

std::string_view render_head(const http::Response& response, const HeadOptions& options, Arena& arena) {
    Pen pen{arena.take(bytes_max(response, options))};
    write_status_line(response, pen);
    pen.field("Server: ", response.server);
    pen.field("Date: ", options.date);
    pen.field("Content-Type: ", response.content_type);
    if (tells_length(response, options)) pen.text("Content-Length: ").number(*response.content_length).text("\r\n");
    if (response.last_modified) pen.text("Last-Modified: ").date(*response.last_modified).text("\r\n");
    pen.field("Location: ", response.location);
    if (options.framing == Framing::chunked) pen.text("Transfer-Encoding: chunked\r\n");
    write_connection(response, options, pen);
    pen.field("ETag: ", response.etag);
    for (const http::FieldLine& line : response.fields) pen.text(line.name).text(": ").text(line.value).text("\r\n");
    if (response.accept_ranges) pen.text("Accept-Ranges: bytes\r\n");
    return pen.text("\r\n").written();
}

}  // namespace webserv::h1
