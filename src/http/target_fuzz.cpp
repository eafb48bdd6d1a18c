// http/target_fuzz.cpp: a normalised path begins with '/', has no dot segments, and survives being escaped and normalised again.
// Targets split into parts that lie inside; an authority that is accepted is accepted in its own words again.
#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/target.hpp"

namespace {

using namespace webserv;

void check_path(std::string_view raw, bool merge_slashes) {
    Arena arena;
    const auto path = http::normalise_path(raw, merge_slashes, arena);
    if (!path) return;
    assert(path->starts_with('/'));
    assert(path->find('\0') == std::string_view::npos);
    if (merge_slashes) assert(path->find("//") == std::string_view::npos);
    const std::string closed = std::string{*path} + "/";
    assert(closed.find("/./") == std::string::npos && closed.find("/../") == std::string::npos);

    const std::string_view escaped = http::escape_path(*path, arena);
    for (const char c : escaped)
        assert(static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f && c != '?' && c != '#');
    const auto again = http::normalise_path(escaped, merge_slashes, arena);
    assert(again && *again == *path);
}

void check_target(std::string_view text, http::Method method) {
    const auto target = http::parse_target(text, method);
    if (!target) return;
    for (const std::string_view part : {target->path, target->query, target->authority}) {
        assert(part == "/" || part.empty() || (part.data() >= text.data() && part.data() + part.size() <= text.data() + text.size()));
        assert(part.find_first_of("# \t\r\n") == std::string_view::npos);
    }
    assert(target->path.find('?') == std::string_view::npos);
    assert(target->form == http::TargetForm::authority || !target->path.empty());
}

void check_authority(std::string_view text) {
    const auto authority = http::parse_authority(text);
    if (!authority) return;
    assert(authority->host.empty() == text.empty());
    assert(authority->host.find_first_of("/@?#\\ ") == std::string_view::npos);
    const auto again = http::parse_authority(authority->host);
    assert(again && again->host == authority->host && !again->port);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    check_path(text, true);
    check_path(text, false);
    for (const http::Method method : {http::Method::get, http::Method::options, http::Method::connect}) check_target(text, method);
    check_authority(text);
    return 0;
}
