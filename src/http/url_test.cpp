// http/url_test.cpp: URLs as people type them, the RFC's own examples of references, and what must not be taken for a host.
// A URL that two programs read differently sends a request, and its secrets, to somebody else.
#include "http/url.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace webserv::http {
namespace {

std::string summary(const Result<Url, UrlError>& url) {
    if (!url) return "error: " + std::string{describe(url.error())};
    std::string text = url->scheme + " ";
    if (url->user_information) text += url->user_information->user + "|" + url->user_information->password + " at ";
    return text + url->host + " " + std::to_string(url->port) + " " + url->target;
}

TEST(Url, IsTakenApart) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"http://a", "http a 80 /"},
        {"HTTP://Example.ORG:8080/A/b?C=d#e", "http example.org 8080 /A/b?C=d"},
        {"https://a/", "https a 443 /"},
        {"http://a:/x", "http a 80 /x"},
        {"http://a?b", "http a 80 /?b"},
        {"http://a?", "http a 80 /?"},
        {"http://a#b/c", "http a 80 /"},
        {"http://a/?b?c/../d", "http a 80 /?b?c/../d"},
        {"http://[::1]/", "http [::1] 80 /"},
        {"http://[FE80::1]:81/", "http [fe80::1] 81 /"},
        {"http://127.0.0.1:65535/", "http 127.0.0.1 65535 /"},
        {"http://u:p@a/", "http u|p at a 80 /"},
        {"http://u@a/", "http u| at a 80 /"},
        {"http://:p@a/", "http |p at a 80 /"},
        {"http://u%40x:p%3a%25:q@a:1/", "http u@x|p:%:q at a 1 /"},
        {"http://a/./b//c/../d/..", "http a 80 /b//"},
        {"http://a/../../x", "http a 80 /x"},
        {"http://a/%2e%2E/x", "http a 80 /%2e%2E/x"},
        {"http://a/\xc3\xa4?\xff", "http a 80 /%C3%A4?%FF"},
        {"http://a/x\"<>\\^`{|}", "http a 80 /x%22%3C%3E%5C%5E%60%7B%7C%7D"},
        {"http://a/100%", "http a 80 /100%"},
        {"http://a/@b:c", "http a 80 /@b:c"},
        {"gopher://a:70/", "gopher a 70 /"},
        {"gopher://a/", "gopher a 0 /"},
    };
    for (const auto& [text, expected] : cases) EXPECT_EQ(summary(parse_url(text)), expected) << text;
}

TEST(Url, IsRefused) {
    using enum UrlError;
    const std::pair<std::string_view, UrlError> cases[] = {
        {"", no_scheme},
        {"a/b", no_scheme},
        {"/a", no_scheme},
        {"//a/", no_scheme},
        {"1http://a/", bad_scheme},
        {"ht tp://a/", bad_octet},
        {"http:/a", bad_host},
        {"http:a", bad_host},
        {"http://", bad_host},
        {"http:///x", bad_host},
        {"http://:80/", bad_host},
        {"http://a b/", bad_octet},
        {"http://a/b c", bad_octet},
        {"http://a/\r\nX: y", bad_octet},
        {"http://a/\x7f", bad_octet},
        {"http://a..b/", bad_host},
        {"http://a\\b/", bad_host},
        {"http://a%00b/", bad_host},
        {"http://a%41/", bad_host},
        {"http://\xc3\xa4/", bad_host},
        {"http://[::1/", bad_host},
        {"http://[::g]/", bad_host},
        {"http://[127.0.0.1]/", bad_host},
        {"http://::1/", bad_host},
        {"http://[::1]x/", bad_host},
        {"http://[::1]80/", bad_host},
        {"http://[fe80::1%25eth0]/", bad_host},
        {"http://a:0/", bad_port},
        {"http://a:65536/", bad_port},
        {"http://a:8o/", bad_port},
        {"http://a:+1/", bad_port},
        {"http://a:80:90/", bad_port},
        {"http://a\\@b/", bad_user_information},
        {"http://a@b@c/", bad_user_information},
        {"http://a%@b/", bad_user_information},
        {"http://a%4@b/", bad_user_information},
        {"http://a%3Ab:c@d/", bad_user_information},
        {"http://a[@b/", bad_user_information},
    };
    for (const auto& [text, expected] : cases) {
        EXPECT_EQ(summary(parse_url(text)), "error: " + std::string{describe(expected)}) << text;
    }
}

TEST(Url, IsWrittenAgain) {
    EXPECT_EQ(parse_url("HTTP://u:p@A:80/x?y#z")->text(), "http://a/x?y");
    EXPECT_EQ(parse_url("https://a:80")->text(), "https://a:80/");
    EXPECT_EQ(parse_url("http://[::1]:8080/")->authority(), "[::1]:8080");
    EXPECT_EQ(parse_url("https://a:443/")->authority(), "a");
}

TEST(Url, HasAnOrigin) {
    const Url url = *parse_url("http://a:80/x");
    EXPECT_TRUE(url.is_same_origin(*parse_url("http://u:p@A/y?z")));
    for (const std::string_view other : {"https://a:80/x", "http://a:81/x", "http://b/x", "http://a.b/x"}) {
        EXPECT_FALSE(url.is_same_origin(*parse_url(other))) << other;
    }
}

// RFC 3986 section 5.4; fragments are no part of a target.
TEST(Url, ResolvesReferences) {
    const Url base = *parse_url("http://a/b/c/d;p?q");
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"g", "/b/c/g"},
        {"./g", "/b/c/g"},
        {"g/", "/b/c/g/"},
        {"/g", "/g"},
        {"?y", "/b/c/d;p?y"},
        {"g?y", "/b/c/g?y"},
        {"#s", "/b/c/d;p?q"},
        {"g#s", "/b/c/g"},
        {"g?y#s", "/b/c/g?y"},
        {";x", "/b/c/;x"},
        {"g;x", "/b/c/g;x"},
        {"g;x?y#s", "/b/c/g;x?y"},
        {"", "/b/c/d;p?q"},
        {".", "/b/c/"},
        {"./", "/b/c/"},
        {"..", "/b/"},
        {"../", "/b/"},
        {"../g", "/b/g"},
        {"../..", "/"},
        {"../../", "/"},
        {"../../g", "/g"},
        {"../../../g", "/g"},
        {"../../../../g", "/g"},
        {"/./g", "/g"},
        {"/../g", "/g"},
        {"g.", "/b/c/g."},
        {".g", "/b/c/.g"},
        {"g..", "/b/c/g.."},
        {"..g", "/b/c/..g"},
        {"./../g", "/b/g"},
        {"./g/.", "/b/c/g/"},
        {"g/./h", "/b/c/g/h"},
        {"g/../h", "/b/c/h"},
        {"g;x=1/../y", "/b/c/y"},
        {"g?y/../x", "/b/c/g?y/../x"},
        {"a b?c d", "/b/c/a%20b?c%20d"},
        {"./a:b", "/b/c/a:b"},
        {"/x?u=http://c/", "/x?u=http://c/"},
    };
    for (const auto& [reference, expected] : cases) {
        EXPECT_EQ(summary(resolve_url(base, reference)), "http a 80 " + std::string{expected}) << reference;
    }
}

TEST(Url, ReferencesMayLeadElsewhere) {
    const Url base = *parse_url("http://u:p@a:81/b");
    EXPECT_EQ(summary(resolve_url(base, "c")), "http u|p at a 81 /c");
    EXPECT_EQ(summary(resolve_url(base, "//c/d")), "http c 80 /d");
    EXPECT_EQ(summary(resolve_url(base, "https://C")), "https c 443 /");
    EXPECT_EQ(summary(resolve_url(base, "//x:y@c:82")), "http x|y at c 82 /");
    EXPECT_FALSE(resolve_url(base, "http:c"));
    EXPECT_FALSE(resolve_url(base, "mailto:x@y"));
    EXPECT_FALSE(resolve_url(base, "//"));
    EXPECT_FALSE(resolve_url(base, "/a\r\nb"));
}

}  // namespace
}  // namespace webserv::http
