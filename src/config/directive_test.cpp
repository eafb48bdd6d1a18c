// config/directive_test.cpp: the engine: nginx's messages in nginx's order of checks, what is applied when, and the manual.
// The messages are compared whole: tools grep for nginx's.
#include "config/directive.hpp"

#include <gtest/gtest.h>

#include <string>

#include "config/known_directives.hpp"
#include "config/memory_loader.hpp"
#include "config/parser.hpp"

namespace webserv::config {
namespace {

enum class Format { html, json };
constexpr Choice<Format> formats[] = {{"html", Format::html}, {"json", Format::json}};

struct Settings {
    bool gzip = false;
    std::uint64_t level = 1;
    std::uint64_t buffer = 0;
    std::uint64_t body = 0;
    unsigned short port = 0;
    std::int64_t requests = 0;
    std::chrono::milliseconds timeout{0};
    std::chrono::seconds validity{0};
    std::string root;
    Format format = Format::html;
};

struct Log {
    std::string order;
};

Checked<> note(Scope& scope, const Statement& statement) {
    static_cast<Log*>(scope.builder)->order += statement.name.text + " ";
    return {};
}

template <Contexts Inner>
Checked<> enter(Scope& scope, const Statement& statement) {
    static_cast<Log*>(scope.builder)->order += statement.name.text + "{ ";
    SettingsTable settings = scope.settings.derive();
    Scope inner{Inner, settings, scope.grammar, scope.builder};
    auto applied = scope.grammar.apply(statement.block, inner);
    static_cast<Log*>(scope.builder)->order += "} ";
    return applied;
}

namespace c = context;
constexpr Directive core[] = {
    {.name = "http", .contexts = c::main, .takes = arity::block, .apply = enter<c::http>},
    {.name = "server", .contexts = c::http, .takes = arity::block, .apply = enter<c::server>, .repeatable = true},
    {.name = "location", .contexts = c::server, .takes = arity::block_with(1, 2), .apply = enter<c::location>, .repeatable = true},
    {.name = "if", .contexts = c::server, .takes = arity::block_with(1, arity::unbounded), .apply = note, .repeatable = true},
    {.name = "return", .contexts = c::server, .takes = arity::between(1, 2), .apply = note, .repeatable = true, .in_sequence = true},
    {.name = "root", .contexts = c::http | c::server, .fallback = "html", .apply = store_text<&Settings::root>, .doc = "Where files are."},
    {.name = "gzip", .contexts = c::http | c::server, .takes = arity::flag, .fallback = "off", .apply = store_flag<&Settings::gzip>},
    {.name = "gzip_comp_level", .contexts = c::http, .apply = store_number<&Settings::level, 1, 9>},
    {.name = "port", .contexts = c::http, .apply = store_number<&Settings::port>},
    {.name = "keepalive_requests", .contexts = c::http, .apply = store_number<&Settings::requests>},
    {.name = "at_least", .contexts = c::http, .apply = store_number<&Settings::requests, 5>},
    {.name = "buffer_size", .contexts = c::http, .apply = store_size<&Settings::buffer>},
    {.name = "client_max_body_size", .contexts = c::http, .apply = store_offset<&Settings::body>},
    {.name = "send_timeout", .contexts = c::http, .apply = store_milliseconds<&Settings::timeout>},
    {.name = "valid", .contexts = c::http, .apply = store_seconds<&Settings::validity>},
    {.name = "autoindex_format", .contexts = c::http, .apply = store_choice<&Settings::format, formats>},
    {.name = "index", .contexts = c::http | c::server, .takes = arity::one_or_more, .syntax = "file ...", .apply = note},
};
constexpr Directive upstream[] = {
    {.name = "server", .contexts = c::upstream, .takes = arity::one_or_more, .apply = note, .repeatable = true},
    {.name = "upstream", .contexts = c::http, .takes = arity::block_with(1, 1), .apply = enter<c::upstream>, .repeatable = true},
};
constexpr DirectiveGroup groups[] = {{"core", core}, {"upstream", upstream}};

struct Outcome {
    Checked<> result;
    SettingsTable settings;
    std::string order;
};

Outcome applied(const std::string& text, Contexts where = c::main) {
    MemoryLoader loader;
    const auto document = parse_text(text, "x.conf", "/", loader);
    Outcome outcome;
    if (!document) {
        outcome.result = std::unexpected{document.error()};
        return outcome;
    }
    const Grammar grammar{groups};
    Log log;
    Scope scope{where, outcome.settings, grammar, &log};
    outcome.result = grammar.apply(document->statements, scope);
    outcome.order = log.order;
    return outcome;
}

std::string complaint(const std::string& text, Contexts where = c::main) {
    const auto outcome = applied(text, where);
    return outcome.result ? "none" : outcome.result.error().first_line();
}
std::string suggestion(const std::string& text, Contexts where = c::main) {
    const auto outcome = applied(text, where);
    return outcome.result ? "none" : outcome.result.error().suggestion;
}

TEST(Grammar, StoresValues) {
    const auto outcome = applied(
        "gzip ON; gzip_comp_level 9; port 65535; keepalive_requests 5; buffer_size 8k; client_max_body_size 1g; send_timeout 1m;"
        "valid 1M; root /x; autoindex_format JSON; at_least 5;",
        c::http);
    ASSERT_TRUE(outcome.result) << outcome.result.error().render();
    const auto& settings = outcome.settings.get<Settings>();
    EXPECT_TRUE(settings.gzip);
    EXPECT_EQ(settings.level, 9U);
    EXPECT_EQ(settings.port, 65535);
    EXPECT_EQ(settings.requests, 5);
    EXPECT_EQ(settings.buffer, 8192U);
    EXPECT_EQ(settings.body, 1073741824U);
    EXPECT_EQ(settings.timeout, std::chrono::minutes{1});
    EXPECT_EQ(settings.validity, std::chrono::days{30});
    EXPECT_EQ(settings.root, "/x");
    EXPECT_EQ(settings.format, Format::json);
}

TEST(Grammar, ComplainsAsNginxDoes) {
    struct Case {
        std::string text, expected;
    };
    const Case cases[] = {
        {"servr {}", "unknown directive \"servr\" in x.conf:1"},
        {"\nhttp {\n ROOT /x; }", "unknown directive \"ROOT\" in x.conf:3"},
        {"root /x;", "\"root\" directive is not allowed here in x.conf:1"},
        {"http;", "directive \"http\" has no opening \"{\" in x.conf:1"},
        {"http { root /x {} }", "directive \"root\" is not terminated by \";\" in x.conf:1"},
        {"http x {}", "invalid number of arguments in \"http\" directive in x.conf:1"},
        {"http { gzip on on; }", "invalid number of arguments in \"gzip\" directive in x.conf:1"},
        {"http { index; }", "invalid number of arguments in \"index\" directive in x.conf:1"},
        {"http { root /x; root /y; }", "\"root\" directive is duplicate in x.conf:1"},
        {"http { root /x; root; }", "invalid number of arguments in \"root\" directive in x.conf:1"},
        {"http {} http {}", "\"http\" directive is duplicate in x.conf:1"},
        {"http { gzip maybe; }", "invalid value \"maybe\" in \"gzip\" directive, it must be \"on\" or \"off\" in x.conf:1"},
        {"http { gzip_comp_level 11; }", "value must be between 1 and 9 in x.conf:1"},
        {"http { gzip_comp_level 0; }", "value must be between 1 and 9 in x.conf:1"},
        {"http { gzip_comp_level x; }", "\"gzip_comp_level\" directive invalid number in x.conf:1"},
        {"http { keepalive_requests -1; }", "\"keepalive_requests\" directive invalid number in x.conf:1"},
        {"http { at_least 4; }", "value must be equal to or greater than 5 in x.conf:1"},
        {"http { port 65536; }", "value must be between 0 and 65535 in x.conf:1"},
        {"http { client_max_body_size 1x; }", "\"client_max_body_size\" directive invalid value in x.conf:1"},
        {"http { buffer_size 1g; }", "\"buffer_size\" directive invalid value in x.conf:1"},
        {"http { send_timeout 1y; }", "\"send_timeout\" directive invalid value in x.conf:1"},
        {"http { valid 1ms; }", "\"valid\" directive invalid value in x.conf:1"},
        {"http { autoindex_format xml; }", "invalid value \"xml\" in x.conf:1"},
        {"http { proxy_pass http://x; }", "directive \"proxy_pass\" is known to nginx but not supported by webserv yet in x.conf:1"},
        {"http { health_check; }", "\"health_check\" is a directive of the commercial nginx Plus and not supported by webserv in x.conf:1"},
        {"http { content_by_lua_block {} }",
         "\"content_by_lua_block\" is a directive of the third-party module lua-nginx-module and not supported by webserv in x.conf:1"},
    };
    for (const auto& example : cases) EXPECT_EQ(complaint(example.text), example.expected) << example.text;
}

TEST(Grammar, Suggests) {
    EXPECT_EQ(suggestion("htp {}"), "did you mean \"http\"?");
    EXPECT_EQ(suggestion("inclde x;"), "did you mean \"include\"?");
    EXPECT_EQ(suggestion("locaton / {}"), "did you mean \"location\"? It is allowed in: server");
    EXPECT_EQ(suggestion("xyzzy;"), "");
    EXPECT_EQ(suggestion("root /x;"), "it is allowed in: http, server");
    EXPECT_EQ(suggestion("server;"), "it is allowed in: http, upstream");
    EXPECT_EQ(suggestion("http { root /x\ngzip on; }"), "a \";\" may be missing at the end of line 1");
    EXPECT_EQ(suggestion("http { index; }"), "the syntax is: index file ...;");
    EXPECT_EQ(suggestion("http { autoindex_format xml; }"), "\"autoindex_format\" takes one of: html, json");
}

TEST(Grammar, ChoosesTheDefinitionThatFitsTheContext) {
    EXPECT_EQ(applied("http { upstream u { server a; } server { } }").order, "http{ upstream{ server } server{ } } ");
    EXPECT_EQ(complaint("http { upstream u { server { } } }"), "directive \"server\" is not terminated by \";\" in x.conf:1");
}

TEST(Grammar, AppliesSimpleDirectivesBeforeBlocks) {
    EXPECT_EQ(applied("server { } index a;", c::http).order, "index server{ } ");
    EXPECT_EQ(applied("if (a) {} return 1; location / {} index a; return 2; if (b) {}", c::server).order,
              "index if return location{ } return if ");
}

TEST(Grammar, ChecksAScopeBeforeApplyingIt) {
    const auto outcome = applied("index a; server { } nonsense;", c::http);
    EXPECT_FALSE(outcome.result);
    EXPECT_EQ(outcome.order, "");
}

TEST(Grammar, RemembersAcrossTwoTextsOfOneScope) {
    MemoryLoader loader;
    const Grammar grammar{groups};
    SettingsTable settings;
    Log log;
    Scope scope{c::http, settings, grammar, &log};
    const auto first = parse_text("gzip on;", "x.conf", "/", loader);
    ASSERT_TRUE(first);
    EXPECT_TRUE(grammar.apply(first->statements, scope));
    EXPECT_EQ(grammar.apply(first->statements, scope).error().message, "\"gzip\" directive is duplicate");
}

TEST(KnownDirectives, SayWhereTheyComeFrom) {
    using Origin = KnownDirective::Origin;
    for (const auto name : {"accept_mutex", "proxy_pass", "zone", "xslt_types", "http2_push", "daemon"}) {
        ASSERT_TRUE(find_known_directive(name)) << name;
        EXPECT_EQ(find_known_directive(name)->origin, Origin::nginx) << name;
        EXPECT_TRUE(is_known_to_nginx(name));
    }
    EXPECT_EQ(find_known_directive("auth_jwt")->origin, Origin::nginx_plus);
    EXPECT_FALSE(is_known_to_nginx("auth_jwt"));
    EXPECT_EQ(find_known_directive("more_set_headers")->module, "headers-more");
    EXPECT_EQ(find_known_directive("brotli_comp_level")->module, "ngx_brotli");
    EXPECT_EQ(find_known_directive("access_by_lua_file")->module, "lua-nginx-module");
    EXPECT_FALSE(find_known_directive("servr"));
    EXPECT_FALSE(find_known_directive(""));
}

TEST(Manual, HasOnePageAModule) {
    const auto pages = manual_pages(groups);
    ASSERT_EQ(pages.size(), 2U);
    EXPECT_EQ(pages[0].first, "core.md");
    EXPECT_TRUE(pages[0].second.starts_with("# core\n\n## http\n\n- Syntax: `http { ... }`\n- Context: main\n"));
    EXPECT_NE(pages[0].second.find("\n## root\n\n- Syntax: `root value;`\n- Default: `root html;`\n- Context: http, server\n\n"
                                   "Where files are.\n"),
              std::string::npos);
    EXPECT_NE(pages[0].second.find("- Syntax: `location value [value] { ... }`\n"), std::string::npos);
    EXPECT_NE(pages[0].second.find("- Syntax: `index file ...;`\n"), std::string::npos);
    EXPECT_NE(pages[0].second.find("- Syntax: `gzip on | off;`\n"), std::string::npos);
    EXPECT_NE(pages[1].second.find("- Syntax: `server value [value ...];`\n"), std::string::npos);
    EXPECT_EQ(pages, manual_pages(groups));
}

}  // namespace
}  // namespace webserv::config
