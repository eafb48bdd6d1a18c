// http/url_fuzz.cpp: a URL that is accepted says the same when it is written and read again; targets can stand in a request line.
// The first line of the input is a URL, the second a reference.
#include <algorithm>
#include <cassert>
#include <cstdint>
#include <string_view>

#include "http/target.hpp"
#include "http/url.hpp"

namespace {

using webserv::http::Url;

void check(const Url& url) {
    assert(url.target.starts_with('/'));
    assert(std::all_of(url.target.begin(), url.target.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '#'; }));
    assert(webserv::http::parse_target(url.target, webserv::http::Method::get));
    assert(webserv::http::parse_authority(url.authority()));
    const auto again = webserv::http::parse_url(url.text());
    assert(again);
    assert(again->host == url.host && again->port == url.port && again->scheme == url.scheme && again->target == url.target);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view octets{reinterpret_cast<const char*>(data), size};
    const std::size_t line_end = std::min(octets.find('\n'), size);
    const auto url = webserv::http::parse_url(octets.substr(0, line_end));
    if (!url) return 0;
    check(*url);
    if (line_end == size) return 0;
    if (const auto other = webserv::http::resolve_url(*url, octets.substr(line_end + 1))) check(*other);
    return 0;
}
