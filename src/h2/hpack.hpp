// h2/hpack.hpp: field sections compressed and decompressed (HPACK, RFC 7541).
// nghttp2's coder, which is met in hpack.cpp only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "h2/output.hpp"
#include "http/fields.hpp"

struct nghttp2_hd_deflater;
struct nghttp2_hd_inflater;

namespace webserv::h2 {

class FieldEncoder {
public:
    FieldEncoder();
    FieldEncoder(const FieldEncoder&) = delete;
    FieldEncoder& operator=(const FieldEncoder&) = delete;
    ~FieldEncoder();

    /// The peer's SETTINGS_HEADER_TABLE_SIZE.
    void set_table_bytes_max(std::uint32_t bytes);
    /// Appends one field block, without any frame's head. Names are in lower case. @return its octets
    std::size_t encode(std::span<const http::FieldLine> lines, Output& output);

private:
    nghttp2_hd_deflater* deflater_ = nullptr;
};

class FieldDecoder {
public:
    FieldDecoder();
    FieldDecoder(const FieldDecoder&) = delete;
    FieldDecoder& operator=(const FieldDecoder&) = delete;
    ~FieldDecoder();

    /// One complete field block. `take(name, value)` is called for each line; the views are valid during that call. It may say that it
    /// has had enough, which spoils the decoder.
    enum class Outcome : unsigned char { good, malformed, stopped };
    template <class Take>
    [[nodiscard]] Outcome decode(std::string_view block, const Take& take) {
        return decode(
            block,
            [](void* context, std::string_view name, std::string_view value) { return (*static_cast<const Take*>(context))(name, value); },
            const_cast<Take*>(&take));
    }

private:
    using TakeLine = bool (*)(void* context, std::string_view name, std::string_view value);
    [[nodiscard]] Outcome decode(std::string_view block, TakeLine take, void* context);

    nghttp2_hd_inflater* inflater_ = nullptr;
};

}  // namespace webserv::h2
