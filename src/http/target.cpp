// http/target.cpp: request targets split by form (RFC 9112 section 3.2); paths decoded, normalised and escaped again.
// One decoding, never two: what is decoded is what locations and files see.
#include "http/target.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/octet_words.hpp"
#include "base/text.hpp"

namespace webserv::http {
namespace {

/// White space, other controls and DEL. Octets beyond ASCII may stand in a target.
constexpr bool has_control(octet_words::Word octets) noexcept {
    return (octet_words::below(octets, 0x21) | octet_words::equal(octets, 0x7f)) != 0;
}

constexpr std::array<bool, 256> escaped_octets = [] {
    std::array<bool, 256> table{};
    for (std::size_t octet = 0; octet < 256; ++octet) table[octet] = octet <= 0x20 || octet >= 0x7f;
    for (const char c : std::string_view{"\"#%<>?\\^`{|}"}) table[static_cast<unsigned char>(c)] = true;
    return table;
}();

// The part from the path on: cut at '#', split at the first '?'.
void split_path(std::string_view text, Target& target) noexcept {
    text = text.substr(0, text.find('#'));
    const std::size_t question = text.find('?');
    target.path = text.substr(0, question);
    target.has_query = question != std::string_view::npos;
    if (target.has_query) target.query = text.substr(question + 1);
}

Result<Target, TargetError> parse_absolute(std::string_view text) noexcept {
    const std::size_t colon = text.find("://");
    if (colon == std::string_view::npos) return std::unexpected{TargetError::malformed};
    const std::string_view scheme = text.substr(0, colon);
    if (!text::equal_ignoring_case(scheme, "http") && !text::equal_ignoring_case(scheme, "https")) {
        return std::unexpected{TargetError::malformed};
    }
    text.remove_prefix(colon + 3);
    const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
    if (end == 0) return std::unexpected{TargetError::malformed};  // an http URI has a host: RFC 9110 section 4.2.1
    Target target;
    target.form = TargetForm::absolute;
    target.authority = text.substr(0, end);
    split_path(text.substr(end), target);
    if (target.path.empty()) target.path = "/";
    return target;
}

// Writes the decoded path, resolving each segment as it ends.
class PathWriter {
public:
    PathWriter(char* into, bool merge_slashes) noexcept : start_{into}, end_{into}, segment_{into}, merge_slashes_{merge_slashes} {
        *end_++ = '/';
        segment_ = end_;
    }

    void add(char c) noexcept { *end_++ = c; }

    /// Ends a segment; `slash` tells whether another one follows. False: the path leaves the root.
    [[nodiscard]] bool finish_segment(bool slash) noexcept {
        const std::string_view segment{segment_, static_cast<std::size_t>(end_ - segment_)};
        if (segment == "." || (segment.empty() && slash && merge_slashes_)) {
            end_ = segment_;
        } else if (segment == "..") {
            if (segment_ == start_ + 1) return false;
            segment_ -= 2;  // onto the last octet of the segment before, or its slash if that is empty
            while (*segment_ != '/') --segment_;
            end_ = ++segment_;
        } else if (slash) {
            *end_++ = '/';
            segment_ = end_;
        }
        return true;
    }
    [[nodiscard]] std::string_view text() const noexcept { return {start_, static_cast<std::size_t>(end_ - start_)}; }

private:
    char* start_;
    char* end_;
    char* segment_;  // where the present segment begins
    bool merge_slashes_;
};

// One octet of the path, decoded; moves `position` behind it.
Result<char, PathError> take_octet(std::string_view raw, std::size_t& position) noexcept {
    char c = raw[position++];
    if (c == '%') {
        if (raw.size() - position < 2) return std::unexpected{PathError::bad_escape};
        const int high = text::hex_value(raw[position]);
        const int low = text::hex_value(raw[position + 1]);
        if (high < 0 || low < 0) return std::unexpected{PathError::bad_escape};
        c = static_cast<char>(high * 16 + low);
        position += 2;
    }
    if (c == '\0') return std::unexpected{PathError::nul};
    return c;
}

bool is_normal(std::string_view raw, bool merge_slashes) noexcept {
    if (!raw.starts_with('/')) return false;
    char before = 0;
    for (const char c : raw) {
        if (c == '%' || c == '\0') return false;
        if (before == '/' && (c == '.' || (c == '/' && merge_slashes))) return false;
        before = c;
    }
    return true;
}

}  // namespace

Result<Target, TargetError> parse_target(std::string_view target, Method method) {
    if (target.empty() || octet_words::any(target, has_control)) return std::unexpected{TargetError::malformed};
    Target parsed;
    if (method == Method::connect) {
        if (target.find_first_of("/?#@") != std::string_view::npos) return std::unexpected{TargetError::malformed};
        parsed.form = TargetForm::authority;
        parsed.authority = target;
        return parsed;
    }
    if (target[0] == '/') {
        split_path(target, parsed);
        return parsed;
    }
    if (target != "*") return parse_absolute(target);
    if (method != Method::options) return std::unexpected{TargetError::malformed};
    parsed.form = TargetForm::asterisk;
    parsed.path = target;
    return parsed;
}

Result<std::string_view, PathError> normalise_path(std::string_view raw, bool merge_slashes, Arena& arena) {
    if (is_normal(raw, merge_slashes)) return raw;
    PathWriter writer{arena.take(raw.size() + 1), merge_slashes};
    for (std::size_t position = raw.starts_with('/') ? 1 : 0; position < raw.size();) {
        const auto octet = take_octet(raw, position);
        if (!octet) return std::unexpected{octet.error()};
        if (*octet != '/') {
            writer.add(*octet);
        } else if (!writer.finish_segment(true)) {
            return std::unexpected{PathError::above_root};
        }
    }
    if (!writer.finish_segment(false)) return std::unexpected{PathError::above_root};
    return writer.text();
}

std::string_view escape_path(std::string_view path, Arena& arena) {
    const auto is_escaped = [](char c) { return escaped_octets[static_cast<unsigned char>(c)]; };
    const auto count = static_cast<std::size_t>(std::count_if(path.begin(), path.end(), is_escaped));
    if (count == 0) return path;
    char* const memory = arena.take(path.size() + 2 * count);
    char* end = memory;
    for (const char c : path) {
        if (!is_escaped(c)) {
            *end++ = c;
            continue;
        }
        constexpr std::string_view digits = "0123456789ABCDEF";
        *end++ = '%';
        *end++ = digits[static_cast<unsigned char>(c) >> 4];
        *end++ = digits[static_cast<unsigned char>(c) & 15];
    }
    return {memory, static_cast<std::size_t>(end - memory)};
}

}  // namespace webserv::http
