// config/lexer_test.cpp: words and marks; the rules, the escapes and the refusals were compared with nginx.
// Each rule of nginx's grammar with the smallest text that shows it.
#include "config/lexer.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace webserv::config {
namespace {

std::shared_ptr<const SourceFile> file_of(std::string content) {
    return std::make_shared<const SourceFile>(SourceFile{"t.conf", std::move(content)});
}

// The words in <>, the marks as they are, "!" and the message for a complaint, "..." for a text that ends inside a word.
std::string lexed(std::string content) {
    Lexer lexer{file_of(std::move(content))};
    std::string seen;
    for (;;) {
        const auto token = lexer.next();
        if (!token) return seen + "!" + token.error().first_line();
        switch (token->kind) {
            case Token::Kind::word:
                seen += "<" + token->word.text + ">";
                break;
            case Token::Kind::semicolon:
                seen += ";";
                break;
            case Token::Kind::block_begin:
                seen += "{";
                break;
            case Token::Kind::block_end:
                seen += "}";
                break;
            case Token::Kind::end_of_file:
                return token->in_word ? seen + "..." : seen;
        }
    }
}

TEST(Lexer, SplitsWordsAndMarks) {
    struct Case {
        std::string text, expected;
    };
    const Case cases[] = {
        {"", ""},
        {"root /x;", "<root></x>;"},
        {"a\tb\r\nc ;", "<a><b><c>;"},
        {"a{b;}", "<a>{<b>;}"},
        {"a b{c}d;}", "<a><b>{<c}d>;}"},  // inside a word, a closing brace is an ordinary octet
        {"# all of it; {\na;", "<a>;"},
        {"a#b c# #d\n;", "<a#b><c#>;"},
        {"#", ""},
        {"\"\" '';", "<><>;"},
        {"'a b' \"c;d{e}f\";", "<a b><c;d{e}f>;"},
        {"a\"b c'd;", "<a\"b><c'd>;"},
        {"'a\"b' \"a'b\";", "<a\"b><a'b>;"},
        {"\"a\nb\";", "<a\nb>;"},
        {"(\"a\")b;", "<(\"a\")b>;"},
        {"if ($a = \"b\") {}", "<if><($a><=><b><)>{}"},
        {"\"a\"{'b';}", "<a>{<b>;}"},
        {"${a}b x${y};", "<${a}b><x${y}>;"},
        {"$a{", "<$a>{"},
        {"${{a;", "<${{a>;"},
        {"\"${a\" '${b}';", "<${a><${b}>;"},
        {"[a-f]{3} x;", "<[a-f]>{<3}><x>;"},
        {"\xEF\xBB\xBFuser x;", "<user><x>;"},
        {std::string{"a\0b;", 4}, std::string{"<a\0b>;", 6}},
    };
    for (const auto& c : cases) EXPECT_EQ(lexed(c.text), c.expected) << c.text;
}

TEST(Lexer, ResolvesEscapesAsNginxDoes) {
    struct Case {
        std::string text, expected;
    };
    const Case cases[] = {
        {R"(a\"b 'c\'d' "e\"f";)", R"(<a"b><c'd><e"f>;)"},
        {R"(a\\b "\\";)", R"(<a\b><\>;)"},
        {R"(\t\r\n;)", "<\t\r\n>;"},
        {R"(\.\d \s;)", R"(<\.\d><\s>;)"},
        {R"(a\ b\;c\{d;)", R"(<a\ b\;c\{d>;)"},
        {R"(\#a \}b;)", R"(<\#a><\}b>;)"},
        {R"($\{a;)", R"(<$\{a>;)"},
        {R"(\${a;)", R"(<\$>{<a>;)"},  // the escaped dollar does not take the brace
    };
    for (const auto& c : cases) EXPECT_EQ(lexed(c.text), c.expected) << c.text;
}

TEST(Lexer, RefusesWhatFollowsAQuote) {
    EXPECT_EQ(lexed("a \"b\"c;"), "<a><b>!unexpected \"c\" in t.conf:1");
    EXPECT_EQ(lexed("\n'a'\"b\";"), "<a>!unexpected \"\"\" in t.conf:2");
    EXPECT_EQ(lexed("'a'#"), "<a>!unexpected \"#\" in t.conf:1");
    EXPECT_EQ(lexed("'a'}"), "<a>!unexpected \"}\" in t.conf:1");
}

TEST(Lexer, SaysWhenTheTextEndsInsideAWord) {
    EXPECT_EQ(lexed("a b"), "<a>...");
    EXPECT_EQ(lexed("a 'b;\n"), "<a>...");
    EXPECT_EQ(lexed("a \"b\\\";"), "<a>...");
    EXPECT_EQ(lexed("a\\"), "...");
    EXPECT_EQ(lexed("a 'b'"), "<a><b>");
}

TEST(Lexer, BoundsWords) {
    const std::string longest(word_octets_max, 'x');
    EXPECT_EQ(lexed(longest + ";"), "<" + longest + ">;");
    EXPECT_EQ(lexed("a\n" + longest + "x;"), "<a>!too long parameter \"xxxxxxxxxx...\" started in t.conf:2");
    EXPECT_EQ(lexed("a\n '\n" + longest + "';"), "<a>!too long parameter, probably missing terminating \"'\" character in t.conf:2");
}

TEST(Lexer, KnowsPlaces) {
    Lexer lexer{file_of("a \"b\nc\" d\n\t;}")};
    struct Expected {
        std::uint32_t line, column;
        std::size_t begin, end;
    };
    const Expected expected[] = {{1, 1, 0, 1}, {1, 3, 2, 7}, {2, 4, 8, 9}, {3, 2, 11, 12}, {3, 3, 12, 13}, {3, 4, 13, 13}};
    for (const auto& e : expected) {
        const auto token = lexer.next();
        ASSERT_TRUE(token);
        EXPECT_EQ(token->word.place.line, e.line) << e.begin;
        EXPECT_EQ(token->word.place.column, e.column) << e.begin;
        EXPECT_EQ(token->begin, e.begin);
        EXPECT_EQ(token->end, e.end) << e.begin;
    }
}

TEST(Lexer, ReadsBackWhatQuoteWordWrites) {
    for (const std::string text : {"", "a b", "\"'\\", "\\n", "\n\t", "${a};{}#", "a\\"}) {
        EXPECT_EQ(lexed(quote_word(text) + ";"), "<" + text + ">;") << text;
    }
}

}  // namespace
}  // namespace webserv::config
