// config/syntax_test.cpp: a complaint as it is shown.
// The first line is nginx's; the rest points at the mistake.
#include "config/syntax.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace webserv::config {
namespace {

std::string rendered(std::string content, std::uint32_t line, std::uint32_t column, std::string suggestion = {}) {
    const auto file = std::make_shared<const SourceFile>(SourceFile{"n.conf", std::move(content)});
    return Complaint{"wrong", Place{file, line, column}, std::move(suggestion)}.render();
}

TEST(Complaint, ShowsLineCaretAndSuggestion) {
    EXPECT_EQ(rendered("a;\n  servr {\r\n", 2, 3, "did you mean \"server\"?"),
              "wrong in n.conf:2\nn.conf:2:3\n  servr {\n  ^\ndid you mean \"server\"?");
    EXPECT_EQ(rendered("a", 1, 2), "wrong in n.conf:1\nn.conf:1:2\na\n ^");
}

TEST(Complaint, AlignsTheCaret) {
    EXPECT_EQ(rendered("\ta\tb", 1, 4), "wrong in n.conf:1\nn.conf:1:4\n\ta\tb\n\t \t^");
    EXPECT_EQ(rendered("\xC3\xA4\xC3\xB6 x", 1, 6), "wrong in n.conf:1\nn.conf:1:6\n\xC3\xA4\xC3\xB6 x\n   ^");
}

TEST(Complaint, DoesNotPassControlCharactersOn) {
    EXPECT_EQ(rendered("a\x1B[2J b", 1, 7), "wrong in n.conf:1\nn.conf:1:7\na?[2J b\n      ^");
}

TEST(Complaint, CutsLongLinesAroundTheColumn) {
    const std::string text = rendered(std::string(500, 'a') + "X" + std::string(500, 'b'), 1, 501);
    EXPECT_EQ(text, "wrong in n.conf:1\nn.conf:1:501\n..." + std::string(60, 'a') + "X" + std::string(59, 'b') + "...\n" +
                        std::string(63, ' ') + "^");
}

TEST(Complaint, NeedsNoPlace) {
    EXPECT_EQ((Complaint{"wrong", Place{}, ""}.render()), "wrong");
    EXPECT_EQ((Complaint{"wrong", Place{}, "try this"}.render()), "wrong\ntry this");
    const auto line = std::make_shared<const SourceFile>(SourceFile{std::string{command_line_name}, "x;"});
    EXPECT_EQ((Complaint{"wrong", Place{line, 1, 1}, ""}.first_line()), "wrong in command line");
    EXPECT_EQ(rendered("a", 7, 3), "wrong in n.conf:7\nn.conf:7:3\n\n^");  // a place beyond the text is no reason to fail
}

}  // namespace
}  // namespace webserv::config
