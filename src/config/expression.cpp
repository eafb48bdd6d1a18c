// config/expression.cpp: compiles "$host$uri" once, and joins its parts at run time: one pass for the length, one to copy.
// Names are letters, digits and "_"; "$1" to "$9" are captures, so that "$10" is the first capture and a "0", as in nginx.
#include "config/expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <utility>

#include "base/text.hpp"

namespace webserv::config {
namespace {

bool is_name_character(char c) { return text::is_alpha(c) || text::is_digit(c) || c == '_'; }

bool is_capture(std::string_view name) { return name.size() == 1 && name[0] >= '1' && name[0] <= '9'; }

// What follows a '$': the name, and how much of the text it takes with its braces.
struct Reference {
    std::string_view name;
    std::size_t length = 0;
};

std::expected<Reference, std::string> parse_reference(std::string_view text) {
    if (!text.empty() && text[0] >= '1' && text[0] <= '9') return Reference{text.substr(0, 1), 1};
    const std::size_t braced = text.starts_with('{') ? 1 : 0;
    std::size_t end = braced;
    while (end < text.size() && is_name_character(text[end])) ++end;
    const std::string_view name = text.substr(braced, end - braced);
    if (braced != 0 && text.size() > braced && !text.substr(end).starts_with('}')) {
        return std::unexpected{fmt::format("the closing bracket in \"{}\" variable is missing", name)};
    }
    if (name.empty()) return std::unexpected{std::string{"invalid variable name"}};
    return Reference{name, end + braced};
}

// The place of an octet of the word. Escapes make the word shorter than its source: then only the word's own place is sure.
Place place_in(const Word& word, std::size_t offset) {
    Place place = word.place;
    if (!place.file) return place;
    const std::string_view before = std::string_view{word.text}.substr(0, offset);
    if (before.find_first_of("\\\"'\t\r\n") == before.npos) place.column += static_cast<std::uint32_t>(offset + (word.quoted ? 1 : 0));
    return place;
}

std::unexpected<Complaint> unknown(std::string_view name, const Place& place, const VariableNames& names) {
    const std::string_view near = text::nearest(name, names.known());
    return complain(fmt::format("unknown \"{}\" variable", name), place, near.empty() ? "" : fmt::format("did you mean \"${}\"?", near));
}

}  // namespace

Checked<Expression> Expression::compile(const Word& word, VariableNames& names) {
    Expression expression;
    expression.text_ = word.text;
    const std::string_view text = word.text;
    std::size_t at = 0;
    while (at < text.size()) {
        if (text[at] != '$') {
            const std::size_t end = std::min(text.find('$', at), text.size());
            expression.parts_.push_back({Part::Kind::literal, std::string{text.substr(at, end - at)}, 0});
            at = end;
            continue;
        }
        const auto reference = parse_reference(text.substr(at + 1));
        if (!reference) return complain(reference.error(), place_in(word, at));
        if (is_capture(reference->name)) {
            expression.parts_.push_back({Part::Kind::capture, {}, reference->name[0] - '0'});
        } else {
            const int index = names.index_of(reference->name);
            if (index < 0) return unknown(reference->name, place_in(word, at), names);
            expression.parts_.push_back({Part::Kind::variable, {}, index});
        }
        at += 1 + reference->length;
    }
    if (expression.is_literal()) expression.parts_.clear();
    return expression;
}

Expression Expression::literal(std::string text) {
    Expression expression;
    expression.text_ = std::move(text);
    return expression;
}

bool Expression::is_literal() const noexcept { return parts_.empty() || (parts_.size() == 1 && parts_[0].kind == Part::Kind::literal); }

bool Expression::uses_captures() const noexcept {
    return std::ranges::any_of(parts_, [](const Part& part) { return part.kind == Part::Kind::capture; });
}

std::string_view Expression::value_of(const Part& part, VariableReader& reader) {
    switch (part.kind) {
        case Part::Kind::variable:
            return reader.variable(part.index);
        case Part::Kind::capture:
            return reader.capture(static_cast<std::size_t>(part.index));
        case Part::Kind::literal:
            break;
    }
    return part.text;
}

std::string_view Expression::evaluate(VariableReader& reader, Arena& arena) const {
    if (parts_.empty()) return text_;
    if (parts_.size() == 1) return value_of(parts_[0], reader);

    // A variable is asked once: asking twice could cost twice, and could answer differently.
    struct Value {  // a string_view that nobody clears first
        const char* data;
        std::size_t size;
    };
    constexpr std::size_t usual_parts = 16;
    std::array<Value, usual_parts> on_stack;
    Value* const values = parts_.size() <= usual_parts
                              ? on_stack.data()
                              : reinterpret_cast<Value*>(arena.take(parts_.size() * sizeof(Value), alignof(Value)));
    Value* end = values;
    std::size_t length = 0;
    for (const Part& part : parts_) {
        const std::string_view value = value_of(part, reader);
        std::construct_at(end++, value.data(), value.size());
        length += value.size();
    }
    if (length == 0) return {};
    char* const joined = arena.take(length);
    char* out = joined;
    for (const Value* value = values; value != end; ++value) {
        if (value->size > 0) std::memcpy(out, value->data, value->size);
        out += value->size;
    }
    return {joined, length};
}

}  // namespace webserv::config
