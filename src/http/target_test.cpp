// http/target_test.cpp: targets split, paths normalised and escaped, authorities accepted and refused.
// The paths include the usual ways of climbing above the root.
#include "http/target.hpp"

#include <gtest/gtest.h>

#include <string>

namespace webserv::http {
namespace {

using namespace std::string_view_literals;

std::string split(std::string_view text, Method method = Method::get) {
    const auto target = parse_target(text, method);
    if (!target) return "malformed";
    const std::string query = target->has_query ? "?" + std::string{target->query} : "";
    return std::string{target->authority} + "|" + std::string{target->path} + query;
}

TEST(Target, IsSplit) {
    EXPECT_EQ(split("/"), "|/");
    EXPECT_EQ(split("/a%20b?c=d?e#f?g"), "|/a%20b?c=d?e");
    EXPECT_EQ(split("/a#b?c"), "|/a");
    EXPECT_EQ(split("/a?"), "|/a?");
    EXPECT_EQ(split("//a"), "|//a");
    EXPECT_EQ(split("http://h"), "h|/");
    EXPECT_EQ(split("HTTPS://h:1/a?b"), "h:1|/a?b");
    EXPECT_EQ(split("http://h?a"), "h|/?a");
    EXPECT_EQ(split("http://h#a"), "h|/");
    EXPECT_EQ(split("*", Method::options), "|*");
    EXPECT_EQ(split("h:1", Method::connect), "h:1|");
    EXPECT_EQ(split("/\x80\xff"), "|/\x80\xff");
}

TEST(Target, IsRefused) {
    for (const std::string_view text : {""sv, "a"sv, "*"sv, "/ "sv, "/\t"sv, "/\n"sv, "/\x7f"sv, "/\0"sv, "?a"sv, "#"sv, "http:/a"sv,
                                        "http://"sv, "http:///a"sv, "http://?a"sv, "ftp://h/"sv, "://h/"sv, "h:1"sv}) {
        EXPECT_EQ(split(text), "malformed") << text;
    }
    EXPECT_EQ(split("/", Method::connect), "malformed");
    EXPECT_EQ(split("u@h:1", Method::connect), "malformed");
    EXPECT_EQ(split("**", Method::options), "malformed");
}

TEST(Path, IsNormalised) {
    struct Case {
        std::string_view raw, merged, unmerged;
    };
    const Case cases[] = {
        {"/", "/", "/"},
        {"/a/b.c", "/a/b.c", "/a/b.c"},
        {"/a/./b//c/../d%20e", "/a/b/d e", "/a/b//d e"},
        {"/a/b/..", "/a/", "/a/"},
        {"/a/b/../", "/a/", "/a/"},
        {"/a/.", "/a/", "/a/"},
        {"/.", "/", "/"},
        {"/a/..", "/", "/"},
        {"//", "/", "//"},
        {"//a//", "/a/", "//a//"},
        {"/a//../b", "/b", "/a/b"},
        {"/...", "/...", "/..."},
        {"/..a/.b/c..", "/..a/.b/c..", "/..a/.b/c.."},
        {"/%61%2Fb", "/a/b", "/a/b"},
        {"/a%2f%2e%2E%2fb", "/b", "/b"},
        {"/a/%2e", "/a/", "/a/"},
        {"/%25%32%35", "/%25", "/%25"},  // once, not twice
        {"/a%3fb%23c", "/a?b#c", "/a?b#c"},
        {"/%01%ff", "/\x01\xff", "/\x01\xff"},
        {"a", "/a", "/a"},
        {"", "/", "/"},
    };
    for (const Case& row : cases) {
        Arena arena;
        EXPECT_EQ(normalise_path(row.raw, true, arena), row.merged) << row.raw;
        EXPECT_EQ(normalise_path(row.raw, false, arena), row.unmerged) << row.raw;
    }
}

TEST(Path, IsLeftWhereItLiesIfNormal) {
    Arena arena;
    const std::string_view path = "/images/logo.png";
    EXPECT_EQ(normalise_path(path, true, arena)->data(), path.data());
    EXPECT_EQ(escape_path(path, arena).data(), path.data());
}

TEST(Path, IsRefused) {
    Arena arena;
    const auto error = [&](std::string_view raw) {
        const auto path = normalise_path(raw, true, arena);
        return path ? -1 : static_cast<int>(path.error());
    };
    for (const std::string_view raw : {"/%", "/%2", "/a%2", "/%zz", "/%-1", "/%0x"}) {
        EXPECT_EQ(error(raw), static_cast<int>(PathError::bad_escape)) << raw;
    }
    for (const std::string_view raw : {"/..", "/../", "/%2e%2e/x", "/a/../..", "//../a", "/./../a"}) {
        EXPECT_EQ(error(raw), static_cast<int>(PathError::above_root)) << raw;
    }
    EXPECT_EQ(error("/a%00b"), static_cast<int>(PathError::nul));
    EXPECT_EQ(error("/a\0b"sv), static_cast<int>(PathError::nul));
}

TEST(Path, IsEscapedLikeNginx) {
    Arena arena;
    std::string all;
    for (int octet = 1; octet < 0x82; ++octet) all += static_cast<char>(octet);
    EXPECT_EQ(escape_path(all, arena),
              "%01%02%03%04%05%06%07%08%09%0A%0B%0C%0D%0E%0F%10%11%12%13%14%15%16%17%18%19%1A%1B%1C%1D%1E%1F%20!%22%23$%25&'()*+,-./"
              "0123456789:;%3C=%3E%3F@ABCDEFGHIJKLMNOPQRSTUVWXYZ[%5C]%5E_%60abcdefghijklmnopqrstuvwxyz%7B%7C%7D~%7F%80%81");
}

std::string authority_of(std::string_view text) {
    const auto authority = parse_authority(text);
    if (!authority) return "malformed";
    return std::string{authority->host} + (authority->port ? " " + std::to_string(*authority->port) : "");
}

TEST(Authority, IsHostAndPort) {
    EXPECT_EQ(authority_of(""), "");
    EXPECT_EQ(authority_of("Example.COM"), "Example.COM");
    EXPECT_EQ(authority_of("example.com."), "example.com");
    EXPECT_EQ(authority_of("example.com.:8080"), "example.com 8080");
    EXPECT_EQ(authority_of("a:"), "a");
    EXPECT_EQ(authority_of("a:0"), "a 0");
    EXPECT_EQ(authority_of("a:65535"), "a 65535");
    EXPECT_EQ(authority_of("127.0.0.1:80"), "127.0.0.1 80");
    EXPECT_EQ(authority_of("[::1]"), "[::1]");
    EXPECT_EQ(authority_of("[2001:DB8::1]:443"), "[2001:DB8::1] 443");
    EXPECT_EQ(authority_of("a_b-c~d!$&'()*+,;=%2f"), "a_b-c~d!$&'()*+,;=%2f");
}

TEST(Authority, IsRefused) {
    for (const std::string_view text :
         {" "sv,      "a b"sv,         "a/"sv,      "a/b"sv,   "a?"sv,     "a#"sv,      "a\\b"sv, "u@a"sv, "u:p@a"sv,
          "a:b"sv,    "a:-1"sv,        "a:65536"sv, "a:1:2"sv, ":80"sv,    ":"sv,       "."sv,    ".."sv,  ".a"sv,
          "a..b"sv,   "a..:80"sv,      "[::1"sv,    "::1"sv,   "[::1]a"sv, "[::1]:x"sv, "[]"sv,   "[1]"sv, "[::1%25lo]"sv,
          "[v1.a]"sv, "[127.0.0.1]"sv, "a%"sv,      "a%2"sv,   "a%zz"sv,   "a\0"sv,     "\x80"sv, "<a>"sv, "[::\0]"sv}) {
        EXPECT_EQ(authority_of(text), "malformed") << text;
    }
}

}  // namespace
}  // namespace webserv::http
