// config/lexer.hpp: one file's text to words, ";", "{" and "}", each with its place; no I/O.
// The rules are those of nginx's ngx_conf_read_token, whose reader knows no more of the language than this either.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "config/syntax.hpp"

namespace webserv::config {

/// A longer word is refused, so that a forgotten quote is named where it was opened. nginx's bound is 4096 octets.
inline constexpr std::size_t word_octets_max = std::size_t{1} << 20;

struct Token {
    enum class Kind : unsigned char { word, semicolon, block_begin, block_end, end_of_file };

    Kind kind = Kind::end_of_file;
    Word word;              ///< of a word; otherwise empty, with the place of the mark
    std::size_t begin = 0;  ///< octets of the file, from 0, quotes included
    std::size_t end = 0;
    bool in_word = false;  ///< end_of_file: the text ended inside an unfinished word
};

class Lexer {
public:
    explicit Lexer(std::shared_ptr<const SourceFile> file);

    /// The next token; end_of_file again and again at the end.
    /// Errors: `unexpected "x"` after a closing quote, `too long parameter ...`.
    [[nodiscard]] Checked<Token> next();
    /// The place that would be complained about now.
    [[nodiscard]] Place here() const;

private:
    [[nodiscard]] bool skip_to_token();
    [[nodiscard]] bool find_word_end(char quote);
    [[nodiscard]] Checked<Token> read_word();
    [[nodiscard]] Complaint too_long(std::size_t begin, char quote) const;
    void advance();

    std::shared_ptr<const SourceFile> file_;
    std::string_view content_;
    std::size_t position_ = 0;
    std::size_t line_start_ = 0;
    std::uint32_t line_ = 1;
    bool after_quote_ = false;  // only white space, ";", "{" or ")" may follow a closing quote
};

/// The word as it is stored: `\"` `\'` `\\` lose the backslash, `\t` `\r` `\n` become characters, other pairs stay.
[[nodiscard]] std::string resolve_escapes(std::string_view raw);

/// A quoted word that is read back as exactly `text`.
[[nodiscard]] std::string quote_word(std::string_view text);

}  // namespace webserv::config
