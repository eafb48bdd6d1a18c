// config/lexer.cpp: reads one word or mark at a time; a quote, "#" and "}" mean something only where a word could begin.
// A "{" after "$" belongs to the word, so that "${name}" needs no quotes; any other one ends it.
#include "config/lexer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace webserv::config {
namespace {

constexpr std::size_t shown_octets = 10;  // of a word that is too long, as nginx shows it
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

Lexer::Lexer(std::shared_ptr<const SourceFile> file) : file_{std::move(file)}, content_{file_->content} {
    // Editors leave this mark at the beginning; nginx takes it for a part of the first directive's name.
    if (content_.starts_with(byte_order_mark)) position_ = byte_order_mark.size();
}

Checked<Token> Lexer::next() {
    const bool spaced = skip_to_token();
    Token token;
    token.begin = token.end = position_;
    token.word.place = here();
    if (position_ == content_.size()) return token;

    const char c = content_[position_];
    if (after_quote_ && !spaced && c != ';' && c != '{' && c != ')') {
        return complain(fmt::format("unexpected \"{}\"", c), here(), "white space is missing after the closing quote");
    }
    after_quote_ = false;
    if (c != ';' && c != '{' && c != '}') return read_word();
    advance();
    token.kind = c == ';' ? Token::Kind::semicolon : c == '{' ? Token::Kind::block_begin : Token::Kind::block_end;
    token.end = position_;
    return token;
}

// Over white space and comments. @return whether there was white space
bool Lexer::skip_to_token() {
    const std::size_t start = position_;
    while (position_ < content_.size()) {
        const char c = content_[position_];
        const bool comment = c == '#' && (!after_quote_ || position_ > start);
        if (!comment && !is_space(c)) break;
        if (!comment) {
            advance();
            continue;
        }
        position_ = std::min(content_.find('\n', position_), content_.size());
    }
    return position_ > start;
}

Checked<Token> Lexer::read_word() {
    Token token;
    token.kind = Token::Kind::word;
    token.begin = position_;
    token.word.place = here();
    const char first = content_[position_];
    const char quote = first == '"' || first == '\'' ? first : '\0';
    if (quote != '\0') advance();
    const std::size_t begin = position_;
    const bool finished = find_word_end(quote);
    if (position_ - begin > word_octets_max) return std::unexpected{too_long(token.begin, quote)};
    if (!finished) {
        token.kind = Token::Kind::end_of_file;
        token.end = position_;
        token.in_word = true;
        return token;
    }
    token.word.text = resolve_escapes(content_.substr(begin, position_ - begin));
    token.word.quoted = quote != '\0';
    if (quote != '\0') {
        advance();
        after_quote_ = true;
    }
    token.end = position_;
    return token;
}

// Advances to the octet that ends the word: the closing quote, or for a bare word white space, ";" or "{".
// @return false if there is no such octet, or none within the bound
bool Lexer::find_word_end(char quote) {
    const std::size_t begin = position_;
    bool after_dollar = false;
    while (position_ < content_.size() && position_ - begin <= word_octets_max) {
        const char c = content_[position_];
        if (c == '{' && after_dollar) {
            advance();  // and still after the dollar: nginx takes "${{" the same way
            continue;
        }
        after_dollar = c == '$';
        if (c == '\\' && position_ + 1 < content_.size()) {
            advance();
            advance();
            continue;
        }
        if (quote != '\0' ? c == quote : is_space(c) || c == ';' || c == '{') return true;
        advance();
    }
    return false;
}

Complaint Lexer::too_long(std::size_t begin, char quote) const {
    // The current line is where the search ended; the complaint belongs where the word began.
    Complaint complaint;
    complaint.place.file = file_;
    const std::string_view before = content_.substr(0, begin);
    complaint.place.line = static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n') + 1);
    const auto newline = before.rfind('\n');
    complaint.place.column = static_cast<std::uint32_t>(newline == before.npos ? begin + 1 : begin - newline);
    complaint.message = quote == '\0' ? fmt::format("too long parameter \"{}...\" started", content_.substr(begin, shown_octets))
                                      : fmt::format("too long parameter, probably missing terminating \"{}\" character", quote);
    return complaint;
}

Place Lexer::here() const { return Place{file_, line_, static_cast<std::uint32_t>(position_ - line_start_ + 1)}; }

void Lexer::advance() {
    if (content_[position_] == '\n') {
        ++line_;
        line_start_ = position_ + 1;
    }
    ++position_;
}

std::string resolve_escapes(std::string_view raw) {
    std::string text;
    text.reserve(raw.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] != '\\' || i + 1 == raw.size()) {
            text += raw[i];
            continue;
        }
        switch (const char escaped = raw[i + 1]) {
            case '"':
            case '\'':
            case '\\':
                text += escaped;
                break;
            case 't':
                text += '\t';
                break;
            case 'r':
                text += '\r';
                break;
            case 'n':
                text += '\n';
                break;
            default:
                text += {'\\', escaped};
                break;
        }
        ++i;
    }
    return text;
}

std::string quote_word(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted += '"';
}

}  // namespace webserv::config
