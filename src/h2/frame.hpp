// h2/frame.hpp: the numbers of RFC 9113 (and 9218): frame types, flags, settings, error codes; and a frame's nine first octets.
// Values only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace webserv::h2 {

/// RFC 9113 section 6; 9218 section 7.1. Any other number may come, too.
enum class FrameType : std::uint8_t {
    data = 0,
    headers = 1,
    priority = 2,
    rst_stream = 3,
    settings = 4,
    push_promise = 5,
    ping = 6,
    goaway = 7,
    window_update = 8,
    continuation = 9,
    priority_update = 16,
};

namespace flag {
inline constexpr std::uint8_t end_stream = 0x1;
inline constexpr std::uint8_t ack = 0x1;
inline constexpr std::uint8_t end_headers = 0x4;
inline constexpr std::uint8_t padded = 0x8;
inline constexpr std::uint8_t priority = 0x20;
}  // namespace flag

/// RFC 9113 section 7.
enum class ErrorCode : std::uint32_t {
    no_error = 0,
    protocol_error = 1,
    internal_error = 2,
    flow_control_error = 3,
    settings_timeout = 4,
    stream_closed = 5,
    frame_size_error = 6,
    refused_stream = 7,
    cancel = 8,
    compression_error = 9,
    connect_error = 10,
    enhance_your_calm = 11,
    inadequate_security = 12,
    http_1_1_required = 13,
};

/// RFC 9113 section 6.5.2; 9218 section 2.1.
enum class Setting : std::uint16_t {
    header_table_size = 1,
    enable_push = 2,
    max_concurrent_streams = 3,
    initial_window_size = 4,
    max_frame_size = 5,
    max_header_list_size = 6,
    no_rfc7540_priorities = 9,
};

inline constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";  ///< what a client says first, section 3.4
inline constexpr std::size_t frame_head_bytes = 9;
inline constexpr std::size_t frame_bytes_max = 16'384;  ///< of a payload: what every peer accepts, and all that we do
inline constexpr std::int64_t default_window = 65'535;
inline constexpr std::int64_t window_max = 0x7fff'ffff;
inline constexpr std::uint32_t stream_id_max = 0x7fff'ffff;

struct FrameHead {
    std::uint32_t length = 0;
    FrameType type = FrameType::data;
    std::uint8_t flags = 0;
    std::uint32_t stream = 0;

    [[nodiscard]] bool has(std::uint8_t bit) const noexcept { return (flags & bit) != 0; }
};

[[nodiscard]] inline std::uint32_t read_u32(const char* from) noexcept {
    const auto octet = [from](int index) { return std::uint32_t{static_cast<unsigned char>(from[index])}; };
    return octet(0) << 24 | octet(1) << 16 | octet(2) << 8 | octet(3);
}

[[nodiscard]] inline std::uint16_t read_u16(const char* from) noexcept {
    return static_cast<std::uint16_t>(static_cast<unsigned char>(from[0]) << 8 | static_cast<unsigned char>(from[1]));
}

inline void write_u32(char* into, std::uint32_t value) noexcept {
    into[0] = static_cast<char>(value >> 24);
    into[1] = static_cast<char>(value >> 16);
    into[2] = static_cast<char>(value >> 8);
    into[3] = static_cast<char>(value);
}

/// @param from  at least frame_head_bytes
[[nodiscard]] inline FrameHead read_frame_head(const char* from) noexcept {
    return {.length = read_u32(from) >> 8,
            .type = static_cast<FrameType>(from[3]),
            .flags = static_cast<std::uint8_t>(from[4]),
            .stream = read_u32(from + 5) & stream_id_max};
}

/// @param into  room for frame_head_bytes
inline void write_frame_head(char* into, const FrameHead& head) noexcept {
    write_u32(into, head.length << 8 | static_cast<std::uint8_t>(head.type));
    into[4] = static_cast<char>(head.flags);
    write_u32(into + 5, head.stream);
}

/// "PROTOCOL_ERROR": for log lines.
[[nodiscard]] std::string_view name_of(ErrorCode code) noexcept;

}  // namespace webserv::h2
