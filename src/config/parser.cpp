// config/parser.cpp: tokens to statements. Knows one directive, `include`, which nginx accepts in every context.
// An included file stands for itself: a brace that it leaves open, or closes too much, is an error in that file.
#include "config/parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.hpp"
#include "config/environment.hpp"
#include "config/lexer.hpp"

namespace webserv::config {
namespace {

constexpr std::size_t include_depth_max = 100;       // deeper is a mistake, and each level costs stack
constexpr std::size_t inclusions_max = 10'000;       // files that include others twice grow exponentially
constexpr std::size_t block_depth_max = 100;         // nginx's own contexts nest about ten deep; each level costs stack
constexpr std::size_t file_octets_max = 64U << 20U;  // places are 32-bit numbers, and a log given by mistake is larger

std::string read_failure(const std::string& path, const Error& error) {
    const std::string_view call = *error.doing != '\0' ? error.doing : "open";
    return fmt::format("{}() \"{}\" failed {}", call, path, describe_errno(static_cast<int>(error.code)));
}

// The rest of an unquoted "{3}" or "{2,4}$" in a regular expression, whose "{" has opened a block.
bool looks_like_quantifier(std::string_view text) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0) return false;
    text.remove_prefix(digits);
    if (text.starts_with(',')) text.remove_prefix(std::min(text.find_first_not_of("0123456789", 1), text.size()));
    return text.starts_with('}');
}

class Parser {
public:
    Parser(std::string conf_prefix, Loader& loader) : conf_prefix_{std::move(conf_prefix)}, loader_{loader} {}

    /// `asked_at`: the include's place; without a file for the main one.
    [[nodiscard]] Checked<> parse_path(const std::string& path, const Place& asked_at, std::vector<Statement>& into);
    [[nodiscard]] Checked<> parse_source(const std::shared_ptr<const SourceFile>& file, std::vector<Statement>& into);
    [[nodiscard]] Document finish(std::vector<Statement> statements) { return Document{std::move(statements), std::move(files_)}; }

private:
    [[nodiscard]] Checked<std::shared_ptr<const SourceFile>> open(const std::string& path, const Place& asked_at);
    [[nodiscard]] Checked<> parse_statements(Lexer& lexer, std::vector<Statement>& into, Statement* block_of);
    [[nodiscard]] Checked<> parse_block(Lexer& lexer, Statement& statement, bool glued);
    [[nodiscard]] Checked<> add(Statement statement, std::vector<Statement>& into);
    [[nodiscard]] Checked<> include(const Statement& statement, std::vector<Statement>& into);

    std::string conf_prefix_;
    Loader& loader_;
    std::vector<std::shared_ptr<const SourceFile>> files_;
    std::map<std::string, std::shared_ptr<const SourceFile>> opened_;
    std::vector<std::string> including_;  // the files being parsed, outermost first
    std::size_t inclusions_ = 0;
    std::size_t block_depth_ = 0;
};

Checked<> Parser::parse_path(const std::string& path, const Place& asked_at, std::vector<Statement>& into) {
    if (std::ranges::find(including_, path) != including_.end()) {
        return complain(fmt::format("\"{}\" includes itself", path), asked_at,
                        including_.back() == path ? "" : fmt::format("it is already being read, by way of \"{}\"", including_.back()));
    }
    if (including_.size() >= include_depth_max) {
        return complain(fmt::format("includes are more than {} levels deep", include_depth_max), asked_at);
    }
    if (++inclusions_ > inclusions_max) return complain(fmt::format("more than {} files are included", inclusions_max), asked_at);
    const auto file = open(path, asked_at);
    if (!file) return std::unexpected{file.error()};
    including_.push_back(path);
    auto parsed = parse_source(*file, into);
    including_.pop_back();
    return parsed;
}

Checked<> Parser::parse_source(const std::shared_ptr<const SourceFile>& file, std::vector<Statement>& into) {
    Lexer lexer{file};
    return parse_statements(lexer, into, nullptr);
}

Checked<std::shared_ptr<const SourceFile>> Parser::open(const std::string& path, const Place& asked_at) {
    if (const auto known = opened_.find(path); known != opened_.end()) return known->second;
    auto content = loader_.read(path);
    if (!content) return complain(read_failure(path, content.error()), asked_at);
    if (content->size() > file_octets_max) {
        return complain(fmt::format("\"{}\" is larger than {} octets", path, file_octets_max), asked_at);
    }
    auto file = std::make_shared<const SourceFile>(SourceFile{path, std::move(*content)});
    files_.push_back(file);
    opened_.emplace(path, file);
    return file;
}

std::unexpected<Complaint> unexpected_end(const Lexer& lexer, const Statement& unfinished, const Statement* block_of) {
    const Place place = lexer.here();
    const bool in_statement = !unfinished.name.text.empty() || unfinished.name.place.line > 0;
    if (in_statement && place.file->path == command_line_name) {
        return complain("unexpected end of parameter, expecting \";\"", place);
    }
    if (in_statement) {
        return complain("unexpected end of file, expecting \";\" or \"}\"", place,
                        fmt::format("\"{}\" on line {} is not terminated", unfinished.name.text, unfinished.name.place.line));
    }
    return complain("unexpected end of file, expecting \"}\"", place,
                    fmt::format("the block of \"{}\" on line {} is not closed", block_of->name.text, block_of->name.place.line));
}

std::unexpected<Complaint> unexpected_brace(const Place& place, const Statement& unfinished) {
    if (unfinished.name.place.line == 0) return complain("unexpected \"}\"", place, "no block is open here");
    const Word& last = unfinished.words.empty() ? unfinished.name : unfinished.words.back();
    return complain("unexpected \"}\"", place,
                    fmt::format("the \";\" of \"{}\" seems to be missing at the end of line {}", unfinished.name.text, last.place.line));
}

// Until the end of the file, or with `block_of` until the brace that closes its block.
Checked<> Parser::parse_statements(Lexer& lexer, std::vector<Statement>& into, Statement* block_of) {
    Statement statement;
    std::size_t word_end = 0;  // of the last bare word: a "{" right there may belong to a regular expression
    for (;;) {
        auto token = lexer.next();
        if (!token) return std::unexpected{std::move(token.error())};
        const bool empty = statement.name.place.line == 0;
        switch (token->kind) {
            case Token::Kind::word:
                word_end = token->word.quoted ? 0 : token->end;
                if (empty) {
                    statement.name = std::move(token->word);
                } else {
                    statement.words.push_back(std::move(token->word));
                }
                continue;
            case Token::Kind::end_of_file:
                if (token->in_word && empty) statement.name = std::move(token->word);
                if (!empty || token->in_word || block_of != nullptr) return unexpected_end(lexer, statement, block_of);
                return {};
            case Token::Kind::block_end:
                if (!empty || block_of == nullptr) return unexpected_brace(token->word.place, statement);
                block_of->block_end = token->word.place;
                return {};
            case Token::Kind::semicolon:
                if (empty) return complain("unexpected \";\"", token->word.place);
                break;
            case Token::Kind::block_begin:
                if (empty) return complain("unexpected \"{\"", token->word.place);
                if (auto parsed = parse_block(lexer, statement, token->begin == word_end); !parsed) return parsed;
                break;
        }
        if (auto added = add(std::exchange(statement, {}), into); !added) return added;
    }
}

Checked<> Parser::parse_block(Lexer& lexer, Statement& statement, bool glued) {
    const Place place = lexer.here();
    if (place.file->path == command_line_name) return complain("block directives are not supported in -g option", place);
    if (block_depth_ >= block_depth_max) return complain(fmt::format("blocks are more than {} levels deep", block_depth_max), place);
    if (glued) {
        Lexer ahead = lexer;
        const auto first = ahead.next();
        const bool adjacent =
            first && first->kind == Token::Kind::word && first->word.place.line == place.line && first->word.place.column == place.column;
        if (adjacent && looks_like_quantifier(first->word.text)) {
            return complain(fmt::format("unknown directive \"{}\"", first->word.text), place,
                            "a regular expression that contains \"{\", \"}\" or \";\" must be quoted");
        }
    }
    statement.has_block = true;
    ++block_depth_;
    auto parsed = parse_statements(lexer, statement.block, &statement);
    --block_depth_;
    return parsed;
}

Checked<> Parser::add(Statement statement, std::vector<Statement>& into) {
    for (Word& word : statement.words) {
        if (auto put = put_environment_in(word, loader_); !put) return put;
    }
    if (statement.name.text == "include") return include(statement, into);
    into.push_back(std::move(statement));
    return {};
}

Checked<> Parser::include(const Statement& statement, std::vector<Statement>& into) {
    const Place& place = statement.name.place;
    if (statement.has_block) return complain("directive \"include\" is not terminated by \";\"", place);
    if (statement.words.size() != 1) {
        return complain("invalid number of arguments in \"include\" directive", place, missing_semicolon_hint(statement));
    }
    const Word& word = statement.words.front();
    const std::string path = word.text.starts_with('/') ? word.text : fmt::format("{}/{}", conf_prefix_, word.text);
    if (path.find_first_of("*?[") == path.npos) return parse_path(path, word.place, into);

    const auto paths = loader_.glob(path);
    if (!paths)
        return complain(fmt::format("glob() \"{}\" failed {}", path, describe_errno(static_cast<int>(paths.error().code))), word.place);
    for (const std::string& match : *paths) {
        if (auto parsed = parse_path(match, word.place, into); !parsed) return parsed;
    }
    return {};
}

}  // namespace

std::string missing_semicolon_hint(const Statement& statement) {
    std::uint32_t line = statement.name.place.line;
    for (const Word& word : statement.words) {
        const bool continued = word.place.line > line;
        if (continued) return fmt::format("a \";\" may be missing at the end of line {}", line);
        line = word.place.line;
    }
    return {};
}

Checked<Document> parse_file(const std::string& path, const std::string& conf_prefix, Loader& loader) {
    Parser parser{conf_prefix, loader};
    std::vector<Statement> statements;
    if (auto parsed = parser.parse_path(path, Place{}, statements); !parsed) return std::unexpected{std::move(parsed.error())};
    return parser.finish(std::move(statements));
}

Checked<Document> parse_text(std::string text, const std::string& name, const std::string& conf_prefix, Loader& loader) {
    Parser parser{conf_prefix, loader};
    std::vector<Statement> statements;
    const auto file = std::make_shared<const SourceFile>(SourceFile{name, std::move(text)});
    if (auto parsed = parser.parse_source(file, statements); !parsed) return std::unexpected{std::move(parsed.error())};
    return parser.finish(std::move(statements));
}

}  // namespace webserv::config
