// config/manual.cpp: the manual's pages, written from the tables that also check the configuration, so that they agree.
// The same tables give the same octets: pages can be kept under version control.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "config/directive.hpp"

namespace webserv::config {
namespace {

std::string words_of(const Directive& directive) {
    if (!directive.syntax.empty()) return std::string{directive.syntax};
    if (directive.takes.flag) return "on | off";
    constexpr unsigned spelled_out_max = 4;
    std::string words;
    const unsigned required = std::min(directive.takes.min, spelled_out_max);
    for (unsigned i = 0; i < required; ++i) words += i == 0 ? "value" : " value";
    if (directive.takes.max > directive.takes.min) {
        const bool many = directive.takes.max - directive.takes.min > 1;
        words += fmt::format("{}[value{}]", words.empty() ? "" : " ", many ? " ..." : "");
    }
    return words;
}

std::string entry(const Directive& directive) {
    std::string text = fmt::format("\n## {}\n\n- Syntax: `{}`\n", directive.name, syntax_line(directive));
    if (!directive.fallback.empty()) text += fmt::format("- Default: `{} {};`\n", directive.name, directive.fallback);
    text += fmt::format("- Context: {}\n", describe_contexts(directive.contexts));
    if (directive.repeatable) text += "- May be repeated.\n";
    return text + fmt::format("\n{}\n", directive.doc);
}

}  // namespace

std::string syntax_line(const Directive& directive) {
    const std::string words = words_of(directive);
    return fmt::format("{}{}{}{}", directive.name, words.empty() ? "" : " ", words, directive.takes.block ? " { ... }" : ";");
}

std::vector<std::pair<std::string, std::string>> manual_pages(std::span<const DirectiveGroup> groups) {
    std::vector<std::pair<std::string, std::string>> pages;
    for (const DirectiveGroup& group : groups) {
        if (group.directives.empty()) continue;
        std::string text = fmt::format("# {}\n", group.module);
        for (const Directive& directive : group.directives) text += entry(directive);
        pages.emplace_back(fmt::format("{}.md", group.module), std::move(text));
    }
    return pages;
}

}  // namespace webserv::config
