// config/syntax.cpp: how a complaint is shown: nginx's own line first, because tools look for it, then what nginx leaves out:
// the column, the source line, a caret and a suggestion.
#include "config/syntax.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace webserv::config {
namespace {

constexpr std::size_t shown_octets_max = 120;  // a longer source line is cut around the column

std::string_view line_of(std::string_view content, std::uint32_t line) {
    for (std::uint32_t skipped = 1; skipped < line; ++skipped) {
        const auto end = content.find('\n');
        if (end == content.npos) return {};
        content.remove_prefix(end + 1);
    }
    content = content.substr(0, content.find('\n'));
    if (content.ends_with('\r')) content.remove_suffix(1);
    return content;
}

bool continues_a_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }  // UTF-8, RFC 3629 section 3

// A configuration may be hostile to terminals: control characters are shown as '?', except the tab.
char shown(char c) {
    const auto octet = static_cast<unsigned char>(c);
    return (octet < 0x20 && c != '\t') || octet == 0x7F ? '?' : c;
}

struct Excerpt {
    std::string text;
    std::string padding;  // what stands before the caret: tabs stay tabs, so that it lines up
};

Excerpt excerpt(std::string_view line, std::size_t offset) {
    offset = std::min(offset, line.size());
    std::size_t begin = 0;
    std::size_t end = line.size();
    if (line.size() > shown_octets_max) {
        begin = offset > shown_octets_max / 2 ? offset - shown_octets_max / 2 : 0;
        while (begin < offset && continues_a_character(line[begin])) ++begin;
        end = std::min(line.size(), begin + shown_octets_max);
        while (end < line.size() && continues_a_character(line[end])) ++end;
    }
    Excerpt result;
    if (begin > 0) result.text = "...";
    if (begin > 0) result.padding = "   ";
    for (std::size_t i = begin; i < end; ++i) result.text += shown(line[i]);
    if (end < line.size()) result.text += "...";
    for (std::size_t i = begin; i < offset; ++i) {
        if (!continues_a_character(line[i])) result.padding += line[i] == '\t' ? '\t' : ' ';
    }
    return result;
}

}  // namespace

std::string Complaint::first_line() const {
    if (!place.file) return message;
    if (place.file->path == command_line_name) return fmt::format("{} in {}", message, command_line_name);
    return fmt::format("{} in {}:{}", message, place.file->path, place.line);
}

std::string Complaint::render() const {
    std::string text = first_line();
    if (place.file && place.line > 0) {
        const std::size_t offset = place.column > 0 ? place.column - 1 : 0;
        const Excerpt source = excerpt(line_of(place.file->content, place.line), offset);
        text += fmt::format("\n{}:{}:{}\n{}\n{}^", place.file->path, place.line, place.column, source.text, source.padding);
    }
    if (!suggestion.empty()) text += "\n" + suggestion;
    return text;
}

}  // namespace webserv::config
