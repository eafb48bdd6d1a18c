// http/content_coding.cpp: zlib's deflate with gzip's frame around it.
// Whole buffers only: what streams would need a state of its own.
#include "http/content_coding.hpp"

#include <zlib.h>

#include <cassert>
#include <new>

namespace webserv::http {
namespace {

constexpr int window_bits = 15;
constexpr int gzip_frame = 16;  // added to the window's bits: zlib then writes a gzip head and trailer
constexpr int memory_level = 8;

}  // namespace

std::string gzip_member(std::string_view bytes, int level) {
    z_stream stream{};
    if (::deflateInit2(&stream, level, Z_DEFLATED, window_bits + gzip_frame, memory_level, Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::bad_alloc{};  // the only way it can fail
    }
    std::string member(::deflateBound(&stream, bytes.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // it is only read
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(member.data());
    stream.avail_out = static_cast<uInt>(member.size());
    [[maybe_unused]] const int ended = ::deflate(&stream, Z_FINISH);
    assert(ended == Z_STREAM_END);  // the bound holds for all of it
    member.resize(stream.total_out);
    ::deflateEnd(&stream);
    return member;
}

}  // namespace webserv::http
