// config/lexer_fuzz.cpp: whatever the text, tokens lie inside it in order, and words that are written quoted are read back.
// Words written again in quotes lex to the same words, and places lie inside the text.
#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "config/lexer.hpp"
#include "config/memory_loader.hpp"
#include "config/parser.hpp"

namespace {

using namespace webserv::config;

// Not assert: the property must be checked in every build.
void require(bool holds) {
    if (!holds) std::abort();
}

std::shared_ptr<const SourceFile> file_of(std::string content) {
    return std::make_shared<const SourceFile>(SourceFile{"f.conf", std::move(content)});
}

// The octet that a place means, found the slow way.
std::size_t offset_of(const Place& place, std::string_view content) {
    std::size_t line_start = 0;
    for (std::uint32_t line = 1; line < place.line; ++line) line_start = content.find('\n', line_start) + 1;
    return line_start + place.column - 1;
}

// The words and marks, written so that no rule but that of quotes is needed to read them.
std::string rewritten(const std::shared_ptr<const SourceFile>& file, std::vector<std::string>& words) {
    Lexer lexer{file};
    std::string text;
    std::size_t last_end = 0;
    for (;;) {
        const auto token = lexer.next();
        if (!token) {
            require(offset_of(token.error().place, file->content) <= file->content.size());
            static_cast<void>(token.error().render());
            return text;
        }
        require(last_end <= token->begin && token->begin <= token->end && token->end <= file->content.size());
        require(offset_of(token->word.place, file->content) == token->begin);
        last_end = token->end;
        switch (token->kind) {
            case Token::Kind::word:
                words.push_back(token->word.text);
                text += quote_word(token->word.text) + " ";
                break;
            case Token::Kind::semicolon:
                words.emplace_back(";"), text += ";";
                break;
            case Token::Kind::block_begin:
                words.emplace_back("{"), text += "{";
                break;
            case Token::Kind::block_end:
                words.emplace_back("}"), text += "}";
                break;
            case Token::Kind::end_of_file:
                return text;
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string input{reinterpret_cast<const char*>(data), size};
    std::vector<std::string> words;
    const std::string text = rewritten(file_of(input), words);
    std::vector<std::string> words_again;
    require(rewritten(file_of(text), words_again) == text);
    require(words == words_again);

    MemoryLoader loader{{{"/x.conf", input}}};
    if (const auto document = parse_file("/x.conf", "/", loader); !document) static_cast<void>(document.error().render());
    return 0;
}
