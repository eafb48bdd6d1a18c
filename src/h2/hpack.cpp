// h2/hpack.cpp: nghttp2's HPACK coder, and nothing else of it.
// Framing, streams and flow control are ours: they cost a fraction there, and more of RFC 9113's rules can be kept.
#include "h2/hpack.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <new>
#include <vector>

namespace webserv::h2 {
namespace {

constexpr std::size_t table_bytes = 4096;  // of ours: what peers may count on without having asked
constexpr std::size_t usual_lines = 24;

std::uint8_t* octets_of(std::string_view text) { return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data())); }  // only read

}  // namespace

FieldEncoder::FieldEncoder() {
    if (nghttp2_hd_deflate_new(&deflater_, table_bytes) != 0) throw std::bad_alloc{};
}

FieldEncoder::~FieldEncoder() { nghttp2_hd_deflate_del(deflater_); }

void FieldEncoder::set_table_bytes_max(std::uint32_t bytes) {
    if (nghttp2_hd_deflate_change_table_size(deflater_, bytes) != 0) throw std::bad_alloc{};
}

std::size_t FieldEncoder::encode(std::span<const http::FieldLine> lines, Output& output) {
    std::array<nghttp2_nv, usual_lines> usual;
    std::vector<nghttp2_nv> many;
    if (lines.size() > usual.size()) many.resize(lines.size());
    nghttp2_nv* const pairs = many.empty() ? usual.data() : many.data();
    std::transform(lines.begin(), lines.end(), pairs, [](const http::FieldLine& line) {
        return nghttp2_nv{octets_of(line.name), octets_of(line.value), line.name.size(), line.value.size(), NGHTTP2_NV_FLAG_NONE};
    });
    const std::size_t bound = nghttp2_hd_deflate_bound(deflater_, pairs, lines.size());
    auto* const room = reinterpret_cast<std::uint8_t*>(output.room(bound));
    const ssize_t bytes = nghttp2_hd_deflate_hd(deflater_, room, bound, pairs, lines.size());
    if (bytes < 0) throw std::bad_alloc{};  // nothing else can go wrong
    output.add(static_cast<std::size_t>(bytes));
    return static_cast<std::size_t>(bytes);
}

FieldDecoder::FieldDecoder() {
    if (nghttp2_hd_inflate_new(&inflater_) != 0) throw std::bad_alloc{};
}

FieldDecoder::~FieldDecoder() { nghttp2_hd_inflate_del(inflater_); }

FieldDecoder::Outcome FieldDecoder::decode(std::string_view block, TakeLine take, void* context) {
    for (;;) {
        nghttp2_nv line;
        int flags = 0;
        const ssize_t used = nghttp2_hd_inflate_hd2(inflater_, &line, &flags, octets_of(block), block.size(), 1);
        if (used < 0) return Outcome::malformed;
        block.remove_prefix(static_cast<std::size_t>(used));
        if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
            const std::string_view name{reinterpret_cast<const char*>(line.name), line.namelen};
            const std::string_view value{reinterpret_cast<const char*>(line.value), line.valuelen};
            if (!take(context, name, value)) return Outcome::stopped;
        }
        if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
        if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0 && block.empty()) return Outcome::malformed;
    }
    nghttp2_hd_inflate_end_headers(inflater_);
    return Outcome::good;
}

}  // namespace webserv::h2
