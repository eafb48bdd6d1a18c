// http/escape_test.cpp: each way to escape, with what an attacker would try.
// The expected texts are nginx's.
#include "http/escape.hpp"

#include <gtest/gtest.h>

namespace webserv::http {
namespace {

template <class Function>
std::string with(Function append, std::string_view text) {
    std::string out = "|";
    append(out, text);
    return out;
}

TEST(Escape, AComponentIsNeverASchemeAPathOrAQuery) {
    EXPECT_EQ(with(append_component, "Az09-._~"), "|Az09-._~");
    EXPECT_EQ(with(append_component, "javascript:a/b?c#d&e=f+g h%"), "|javascript%3Aa%2Fb%3Fc%23d%26e%3Df%2Bg%20h%25");
    EXPECT_EQ(with(append_component, "\n\"'<\xc3\xa4\x7f"), "|%0A%22%27%3C%C3%A4%7F");
}

TEST(Escape, HtmlHasNoTagsLeft) {
    EXPECT_EQ(with(append_html, R"(<img src="x" onerror='y'>&amp;)"), "|&lt;img src=&quot;x&quot; onerror='y'&gt;&amp;amp;");
    EXPECT_EQ(with(append_html, "gr\xc3\xbc\xc3\x9f"), "|gr\xc3\xbc\xc3\x9f");
}

TEST(Escape, JsonStaysInItsString) {
    EXPECT_EQ(with(append_json, "a\"b\\c/d"), "|a\\\"b\\\\c/d");
    EXPECT_EQ(with(append_json, "\b\f\n\r\t\x01\x1f\x7f\xc3\xa4"), "|\\b\\f\\n\\r\\t\\u0001\\u001F\x7f\xc3\xa4");
}

TEST(Escape, FindsTheFirstArgumentOfAName) {
    EXPECT_EQ(argument("a=1&b=2&a=3", "a"), "1");
    EXPECT_EQ(argument("a=1&B=2", "b"), "2");
    EXPECT_EQ(argument("ab=1&b", "b"), "");
    EXPECT_EQ(argument("xa=1&a=&a=2", "a"), "");
    EXPECT_EQ(argument("", "a"), "");
    EXPECT_EQ(argument("a=b=c&", "a"), "b=c");
}

TEST(Escape, DecodesWhatAFormHasMade) {
    EXPECT_EQ(decode_form_value("a+b%20c%C3%A4"), "a b c\xc3\xa4");
    EXPECT_EQ(decode_form_value("%"), "%");
    EXPECT_EQ(decode_form_value("%4"), "%4");
    EXPECT_EQ(decode_form_value("%4x%zz%41"), "%4x%zzA");
}

}  // namespace
}  // namespace webserv::http
