// h1/request_writer.cpp: checked first, measured, then written in one pass.
// A value with a line end in it would be a field of its own, or the end of the head.
#include "h1/request_writer.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/text.hpp"
#include "http/octets.hpp"

namespace webserv::h1 {
namespace {

constexpr std::size_t fixed_bytes_max = 128;  // version, separators, line ends, the framing field

bool is_target(std::string_view target) {
    return !target.empty() &&
           std::all_of(target.begin(), target.end(), [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; });
}

bool is_framing(std::string_view name) {
    return text::equal_ignoring_case(name, "content-length") || text::equal_ignoring_case(name, "transfer-encoding");
}

std::expected<std::size_t, RequestError> measure(const RequestHead& head) {
    if (!http::is_token(head.method)) return std::unexpected{RequestError::bad_method};
    if (!is_target(head.target)) return std::unexpected{RequestError::bad_target};
    std::size_t bytes = fixed_bytes_max + head.method.size() + head.target.size();
    for (const http::FieldLine& line : head.fields) {
        if (!http::is_token(line.name)) return std::unexpected{RequestError::bad_field_name};
        if (is_framing(line.name)) return std::unexpected{RequestError::framing_field};
        if (!std::all_of(line.value.begin(), line.value.end(), http::is_value_octet)) return std::unexpected{RequestError::bad_field_value};
        bytes += line.name.size() + line.value.size() + 4;
    }
    return bytes;
}

}  // namespace

std::expected<std::string_view, RequestError> render_request_head(const RequestHead& head, Arena& arena) {
    const auto bytes_max = measure(head);
    if (!bytes_max) return std::unexpected{bytes_max.error()};
    char* const start = arena.take(*bytes_max);
    char* end = start;
    const auto text = [&end](std::string_view octets) {
        if (!octets.empty()) std::memcpy(end, octets.data(), octets.size());
        end += octets.size();
    };
    text(head.method);
    text(" ");
    text(head.target);
    text(head.version == http::Version{1, 0} ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
    for (const http::FieldLine& line : head.fields) {
        text(line.name);
        text(": ");
        text(line.value);
        text("\r\n");
    }
    if (head.framing == Framing::chunked) text("Transfer-Encoding: chunked\r\n");
    if (head.framing == Framing::length) {
        text("Content-Length: ");
        end = std::to_chars(end, start + *bytes_max, head.content_length).ptr;
        text("\r\n");
    }
    text("\r\n");
    return std::string_view{start, static_cast<std::size_t>(end - start)};
}

std::string_view describe(RequestError error) noexcept {
    switch (error) {
        case RequestError::bad_method:
            return "a method is letters, digits and some punctuation";
        case RequestError::bad_target:
            return "a target has no spaces and no controls";
        case RequestError::bad_field_name:
            return "a field name is letters, digits and some punctuation";
        case RequestError::bad_field_value:
            return "a field value has no controls";
        case RequestError::framing_field:
            return "Content-Length and Transfer-Encoding follow from the content";
    }
    return "an invalid request";
}

}  // namespace webserv::h1
