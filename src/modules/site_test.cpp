// modules/site_test.cpp: whole configurations: what each scope ends up with, which server an address has, what is refused.
// Everything comes out of memory: files, users and names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/memory_loader.hpp"
#include "modules/registry.hpp"
#include "server/logs.hpp"
#include "server/site_builder.hpp"

namespace webserv::modules {
namespace {

using server::CoreSettings;
using server::ErrorLogSettings;
using server::ListenPoint;
using server::Location;
using server::Site;
using server::VirtualHost;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Built {
    config::Checked<std::unique_ptr<Site>> site;
    std::vector<std::string> warnings;

    [[nodiscard]] const Site* operator->() const { return site->get(); }
    [[nodiscard]] std::string error() const { return site ? "no error" : site.error().first_line(); }
};

Built build_with(config::Loader& loader, const std::string& directives = {}) {
    server::SiteBuilder builder{{.prefix = "/p/", .conf_path = "/c/w.conf", .directives = directives, .error_log = {}}, all(), loader};
    auto site = builder.build();
    return {std::move(site), builder.warnings()};
}

Built build(const std::string& text, const std::string& directives = {}) {
    config::MemoryLoader loader{{{"/c/w.conf", text}, {"/c/mime.types", "types { text/plain txt; }\n"}}};
    return build_with(loader, directives);
}

Built build_http(const std::string& text) {
    Built built = build("events {}\nhttp {\n" + text + "\n}\n");
    EXPECT_TRUE(built.site) << built.error();
    return built;
}

std::string error_of_http(const std::string& text) { return build("events {}\nhttp {\n" + text + "\n}\n").error(); }

const VirtualHost& host(const Built& built, std::size_t number = 0) { return *built->hosts.at(number); }

const Location& location(const server::LocationLevel& level, std::string_view name) {
    for (const auto& candidate : level.all()) {
        if (candidate->name == name) return *candidate;
    }
    throw std::out_of_range{std::string{name}};
}

const CoreSettings& core(const Location& in) { return in.settings.get<CoreSettings>(); }

std::vector<int> error_page_statuses(const Location& in) {
    std::vector<int> statuses;
    for (const auto& page : core(in).error_pages) statuses.push_back(page.status);
    return statuses;
}

std::vector<std::string> error_logs(const Location& in) {
    std::vector<std::string> paths;
    for (const auto& target : in.settings.get<ErrorLogSettings>().targets) paths.push_back(target.place.path);
    return paths;
}

bool has_log_handler(const Location& in) {
    for (const auto& handler : in.handlers) {
        if (handler.phase == server::Phase::log) return true;
    }
    return false;
}

TEST(SiteInheritance, TakesSingleValuesFromTheNearestScope) {
    const Built built = build_http(R"(
        sendfile on; keepalive_requests 5; root /http;
        server { keepalive_requests 6; root rel;
            location /a { keepalive_requests 7; location /a/b { sendfile off; } }
            location /c { root /own; } }
        server { })");
    const auto& a = location(host(built).locations, "/a");
    const auto& b = location(a.nested, "/a/b");
    EXPECT_EQ(core(a).keepalive_requests, 7U);
    EXPECT_EQ(core(b).keepalive_requests, 7U);
    EXPECT_EQ(core(host(built).bare).keepalive_requests, 6U);
    EXPECT_EQ(core(host(built, 1).bare).keepalive_requests, 5U);
    EXPECT_TRUE(core(a).sendfile);
    EXPECT_FALSE(core(b).sendfile);
    EXPECT_EQ(core(b).root.text(), "/p/rel");  // a root is relative to the prefix
    EXPECT_EQ(core(location(host(built).locations, "/c")).root.text(), "/own");
    EXPECT_EQ(core(host(built, 1).bare).root.text(), "/http");
    EXPECT_EQ(core(host(built).bare).send_timeout.count(), 60'000);
}

TEST(SiteInheritance, TakesListsAsAWholeOrNotAtAll) {
    const Built built = build_http(R"(
        error_page 500 501 /5; error_page 502 /5; error_log /h1; error_log /h2;
        server { location /none { }
            location /own { error_page 404 /4; error_log /o; location /own/in { } } }
        server { error_page 403 /3; })");
    const auto& own = location(host(built).locations, "/own");
    EXPECT_THAT(error_page_statuses(location(host(built).locations, "/none")), ElementsAre(500, 501, 502));
    EXPECT_THAT(error_page_statuses(own), ElementsAre(404));
    EXPECT_THAT(error_page_statuses(location(own.nested, "/own/in")), ElementsAre(404));
    EXPECT_THAT(error_page_statuses(host(built, 1).bare), ElementsAre(403));
    EXPECT_THAT(error_logs(location(host(built).locations, "/none")), ElementsAre("/h1", "/h2"));
    EXPECT_THAT(error_logs(own), ElementsAre("/o"));
    EXPECT_THAT(error_logs(host(built, 1).bare), ElementsAre("/h1", "/h2"));
}

TEST(SiteInheritance, MakesNestedLocationsInternalToo) {
    const Built built = build_http("server { location /a { internal; location /a/b { } } location /c { } }");
    const auto& a = location(host(built).locations, "/a");
    EXPECT_TRUE(core(a).internal);
    EXPECT_TRUE(core(location(a.nested, "/a/b")).internal);
    EXPECT_FALSE(core(location(host(built).locations, "/c")).internal);
}

TEST(SiteInheritance, HasOneSlotForRootAndAlias) {
    const Built built = build_http(R"(server { root /r;
        location /a/ { alias /al/; location /a/in { } location /a/root { root /r2; } } })");
    const auto& a = location(host(built).locations, "/a/");
    EXPECT_TRUE(core(a).root_is_alias);
    EXPECT_EQ(core(a).alias_cut, 3U);
    EXPECT_TRUE(core(location(a.nested, "/a/in")).root_is_alias);
    EXPECT_EQ(core(location(a.nested, "/a/in")).root.text(), "/al/");
    EXPECT_EQ(core(location(a.nested, "/a/in")).alias_cut, 3U);
    EXPECT_FALSE(core(location(a.nested, "/a/root")).root_is_alias);
    EXPECT_FALSE(core(host(built).bare).root_is_alias);
}

TEST(SiteInheritance, ReplacesTheMapOfTypes) {
    const Built built = build_http(R"(include mime.types;
        server { location /a { types { image/png png; } types { image/gif gif; } } })");
    EXPECT_EQ(core(host(built).bare).types->at("txt"), "text/plain");
    const auto& types = *core(location(host(built).locations, "/a")).types;
    EXPECT_EQ(types.size(), 2U);
    EXPECT_EQ(types.at("png"), "image/png");
    EXPECT_EQ(types.count("txt"), 0U);
}

TEST(SiteInheritance, KeepsReturnToItsScope) {
    const auto rewrites = [](const Location& in) {
        std::size_t count = 0;
        for (const auto& handler : in.handlers) count += handler.phase == server::Phase::rewrite ? 1U : 0U;
        return count;
    };
    const Built built = build_http("server { location /a { return 204; location /a/b { } } location /c { } } server { return 404; }");
    const auto& a = location(host(built).locations, "/a");
    EXPECT_EQ(rewrites(a), 1U);
    EXPECT_EQ(rewrites(location(a.nested, "/a/b")), 0U);
    EXPECT_EQ(rewrites(location(host(built).locations, "/c")), 0U);
    EXPECT_THAT(host(built).rewrite_handlers, IsEmpty());
    EXPECT_EQ(host(built, 1).rewrite_handlers.size(), 1U);
}

TEST(SiteLogs, HaveDefaultsRelativeToThePrefix) {
    const Built built = build_http("server { }");
    ASSERT_EQ(built->access_logs.size(), 1U);
    EXPECT_EQ(built->access_logs[0].place.path, "/p/logs/access.log");
    EXPECT_TRUE(built->access_logs[0].used);
    EXPECT_THAT(error_logs(host(built).bare), ElementsAre("/p/logs/error.log"));
    EXPECT_TRUE(has_log_handler(host(built).bare));
}

TEST(SiteLogs, AreUsedOnlyWhereALocationWritesToThem) {
    const Built built = build_http(R"(access_log /http;
        server { access_log /one; access_log /two; access_log /one;
            location /a { access_log off; } location /b { access_log /b; location /b/c { } } })");
    std::vector<std::string> used;
    std::vector<std::string> unused;
    for (const auto& log : built->access_logs) (log.used ? used : unused).push_back(log.place.path);
    EXPECT_THAT(used, testing::UnorderedElementsAre("/one", "/two", "/b"));
    EXPECT_THAT(unused, testing::UnorderedElementsAre("/p/logs/access.log", "/http"));
    EXPECT_FALSE(has_log_handler(location(host(built).locations, "/a")));
    EXPECT_TRUE(has_log_handler(location(host(built).locations, "/b")));
}

TEST(SiteLogs, OfNobodyAreNotOpened) {
    Built built = build_http("access_log off; error_log stderr; server { } server { access_log /no/such/folder/a; access_log off; }");
    server::LogFiles files;
    std::vector<std::shared_ptr<observe::LogSink>> opened;
    (*built.site)->main.own<ErrorLogSettings>().targets = {};
    const auto done = server::open_logs(**built.site, files, opened);
    ASSERT_TRUE(done) << done.error();
    for (const auto& sink : opened) EXPECT_EQ(sink, nullptr);
}

TEST(SiteListen, TakesTheFirstServerUnlessOneIsMarked) {
    const Built built = build_http(R"(
        server { listen 80; listen 81; server_name a; }
        server { listen 80 default_server; server_name b; }
        server { listen 81; server_name c; })");
    ASSERT_EQ(built->points.size(), 2U);
    EXPECT_EQ(built->points[0]->address.text(), "0.0.0.0:80");
    EXPECT_EQ(built->points[0]->default_host, &host(built, 1));
    EXPECT_EQ(built->points[1]->default_host, &host(built, 0));
    Arena arena;
    EXPECT_EQ(built->points[0]->names.find("a", arena).host, &host(built, 0));
    EXPECT_EQ(built->points[0]->names.find("c", arena).host, nullptr);
    EXPECT_EQ(built->points[1]->names.find("c", arena).host, &host(built, 2));
}

TEST(SiteListen, HasAPortOfItsOwnWithoutAnyListen) {
    const Built built = build_http("server { } server { listen 80; server_name b; }");
    ASSERT_EQ(built->points.size(), 1U);  // who asks is root: port 80
    EXPECT_EQ(built->points[0]->default_host, &host(built, 0));
}

TEST(SiteListen, KnowsWhetherNamesNeedALook) {
    EXPECT_TRUE(build_http("server { server_name a b; }")->points[0]->single);
    EXPECT_FALSE(build_http("server { server_name a; } server { server_name b; }")->points[0]->single);
    EXPECT_FALSE(build_http("server { server_name a ~^(b); }")->points[0]->single);  // its captures are asked for
}

TEST(SiteListen, PutsAddressesBehindTheirWildcard) {
    const Built built = build_http(R"(
        server { listen 127.0.0.1:80; listen [::1]:80; }
        server { listen 80; }
        server { listen 127.0.0.2:80 bind; listen 127.0.0.3:81; listen unix:/s; }
        server { listen [::]:80; listen 127.0.0.4:80; })");
    std::vector<std::string> sockets;
    std::vector<std::string> behind;
    for (const auto& point : built->points) {
        sockets.push_back(point->address.text());
        for (const auto& specific : point->specific) behind.push_back(specific->address.text() + " behind " + point->address.text());
    }
    EXPECT_THAT(sockets, ElementsAre("0.0.0.0:80", "127.0.0.2:80", "127.0.0.3:81", "unix:/s", "[::]:80"));
    EXPECT_THAT(behind, ElementsAre("127.0.0.1:80 behind 0.0.0.0:80", "127.0.0.4:80 behind 0.0.0.0:80", "[::1]:80 behind [::]:80"));
    const ListenPoint& wildcard = *built->points[0];
    EXPECT_EQ(wildcard.default_host, &host(built, 1));
    EXPECT_EQ(wildcard.specific[0]->default_host, &host(built, 0));
}

TEST(SiteListen, TakesOptionsFromWhicheverServerGivesThem) {
    const Built built = build_http("server { listen 80; } server { listen 80 backlog=7; }");
    EXPECT_EQ(built->points.at(0)->options.backlog, 7);
}

TEST(SiteListen, RefusesWhatIsSaidTwice) {
    const struct {
        const char* http;
        const char* error;
    } cases[] = {
        {"server { listen 80; listen *:80; }", "a duplicate listen 0.0.0.0:80 in /c/w.conf:3"},
        {"server { listen 80 default_server; }\nserver { listen 80 default_server; }",
         "a duplicate default server for 0.0.0.0:80 in /c/w.conf:4"},
        {"server { listen [::]:80 ipv6only=on; }\nserver { listen [::]:80 ipv6only=on; }",
         "duplicate listen options for [::]:80 in /c/w.conf:4"},
    };
    for (const auto& c : cases) EXPECT_EQ(error_of_http(c.http), c.error);
}

TEST(SiteNames, AreLowerCaseUnlessARegex) {
    const Built built = build_http("server { server_name WWW.Example.ORG ~^Abc $hostname .X.org; }");
    std::vector<std::string> names;
    for (const auto& name : host(built).names) names.push_back(name.text);
    EXPECT_THAT(names, ElementsAre("www.example.org", "~^Abc", "box.example", ".x.org"));
    Arena arena;
    EXPECT_NE(built->points[0]->names.find("abcd", arena).host, nullptr);  // upper case in a pattern makes it ignore case
    EXPECT_EQ(build_http("server { }")->points[0]->names.find("", arena).host != nullptr, true);
}

TEST(SiteNames, WarnWhereTheyAreTakenOrOdd) {
    const Built built =
        build_http("server { server_name a b; }\nserver { server_name b c; listen 80; listen 81; }\nserver { server_name x/y; }");
    EXPECT_THAT(built.warnings, ElementsAre("server name \"x/y\" has suspicious symbols in /c/w.conf:5",
                                            "conflicting server name \"b\" on 0.0.0.0:80, ignored"));
}

TEST(SiteNames, AreRefusedWhereTheyCannotBe) {
    const struct {
        const char* name;
        const char* error;
    } cases[] = {
        {"*", "server name \"*\" is invalid"},
        {"*.", "server name \"*.\" is invalid"},
        {"*a.org", "server name \"*a.org\" is invalid"},
        {".", "server name \".\" is invalid"},
        {"a.*.org", "invalid server name or wildcard \"a.*.org\""},
        {"a*", "invalid server name or wildcard \"a*\""},
        {"*.a.*", "invalid server name or wildcard \"*.a.*\""},
        {"~", "empty regex in server name \"~\""},
        {"~(", "pcre2_compile() failed: missing closing parenthesis in \"(\""},
        {"~(?<host>.)", "the duplicate \"host\" variable"},
    };
    for (const auto& c : cases) {
        EXPECT_EQ(error_of_http("server { server_name ok\n" + std::string{c.name} + "; }"), c.error + std::string{" in /c/w.conf:4"});
    }
}

TEST(SiteLocations, TakeModifiersApartOrGlued) {
    const Built built = build_http(R"(server { location = /a { } location =/b { } location ^~ /c { } location ^~/d { }
        location ~ \.e$ { } location ~\.f$ { } location ~* \.g$ { } location ~*\.h$ { } location @i { } location /j { } })");
    std::vector<std::string> seen;
    for (const auto& each : host(built).locations.all()) seen.push_back(std::to_string(static_cast<int>(each->kind)) + each->name);
    EXPECT_THAT(seen, ElementsAre("2/a", "2/b", "1/c", "1/d", R"(3\.e$)", R"(3\.f$)", R"(3\.g$)", R"(3\.h$)", "4@i", "0/j"));
    EXPECT_FALSE(location(host(built).locations, R"(\.f$)").regex->matches("/x.F"));
    EXPECT_TRUE(location(host(built).locations, R"(\.h$)").regex->matches("/x.H"));
}

TEST(SiteLocations, AreRefusedWhereTheyCannotBe) {
    const struct {
        const char* server;
        const char* error;
    } cases[] = {
        {"location /a { }\nlocation ^~ /a { }", "duplicate location \"/a\""},
        {"location @a { }\nlocation @a { }", "duplicate location \"@a\""},
        {"location /a {\nlocation /b { } }", "location \"/b\" is outside location \"/a\""},
        {"location = /a {\nlocation /a/b { } }", "location \"/a/b\" cannot be inside the exact location \"/a\""},
        {"location @a {\nlocation /a { } }", "location \"/a\" cannot be inside the named location \"@a\""},
        {"location /a {\nlocation @b { } }", "named location \"@b\" can be on the server level only"},
        {"\nlocation ! /a { }", "invalid location modifier \"!\""},
        {"\nlocation ~ ( { }", "pcre2_compile() failed: missing closing parenthesis in \"(\""},
        {"\nlocation ~ (?<uri>.) { }", "the duplicate \"uri\" variable"},
    };
    for (const auto& c : cases) {
        EXPECT_EQ(error_of_http("server { " + std::string{c.server} + " }"), c.error + std::string{" in /c/w.conf:4"});
    }
    EXPECT_EQ(error_of_http("server { location /a { } location = /a { } location ~ a { } location ~ a { } }"), "no error");
}

TEST(SiteVariables, OfCapturesAreKnownBeforeTheyAreMade) {
    const Built built = build_http(R"(root /srv/$user/${lang};
        server { server_name ~^(?<user>\w+)\.org$; location ~ ^/(?P<lang>..)/ { location ~ (?'page'x) { return 200 $page$user; } } })");
    Arena arena;
    const auto& name = host(built).names.front();
    const auto& outer = *host(built).locations.all().front();
    ASSERT_EQ(name.named_captures.size(), 1U);
    ASSERT_EQ(outer.named_captures.size(), 1U);
    EXPECT_NE(name.named_captures[0].first, outer.named_captures[0].first);
    EXPECT_EQ(name.named_captures[0].second, 1U);
    EXPECT_EQ(error_of_http("root /$user;"), "unknown \"user\" variable in /c/w.conf:3");
}

TEST(Site, RefusesWithTheTextAndPlaceOfNginx) {
    const struct {
        const char* text;
        const char* error;
    } cases[] = {
        {"http { }", "no \"events\" section in configuration"},
        {"events { }\nservr { }", "unknown directive \"servr\" in /c/w.conf:2"},
        {"events { }\nlisten 80;", "\"listen\" directive is not allowed here in /c/w.conf:2"},
        {"events { }\nhttp { }\nhttp { }", "\"http\" directive is duplicate in /c/w.conf:3"},
        {"events { }\nevents { }", "\"events\" directive is duplicate in /c/w.conf:2"},
        {"events { }\nhttp {\nroot /a;\nroot /b; }", "\"root\" directive is duplicate in /c/w.conf:4"},
        {"events { }\nhttp { server {\nlocation /a/ { root /a;\nalias /b; } } }",
         "\"alias\" directive is duplicate, \"root\" directive was specified earlier in /c/w.conf:4"},
        {"events { }\nhttp { sendfile maybe; }",
         "invalid value \"maybe\" in \"sendfile\" directive, it must be \"on\" or \"off\" in /c/w.conf:2"},
        {"events { }\nhttp { root; }", "invalid number of arguments in \"root\" directive in /c/w.conf:2"},
        {"events { }\nhttp { error_page 299 /x; }", "value \"299\" must be between 300 and 599 in /c/w.conf:2"},
        {"events { }\nhttp { error_log /x loud; }", "invalid log level \"loud\" in /c/w.conf:2"},
        {"events { }\nhttp { access_log /x nosuch; }", "unknown log format \"nosuch\" in /c/w.conf:2"},
        {"events { }\nhttp { log_format combined x; }", "duplicate \"log_format\" name \"combined\" in /c/w.conf:2"},
        {"events { }\nhttp { access_log /x combined flush=1s; }", "no buffer is defined for access_log \"/x\" in /c/w.conf:2"},
        {"user nosuch;\nevents { }", "getpwnam(\"nosuch\") failed in /c/w.conf:1"},
        {"events { }\nhttp { server { listen nosuch.example; } }",
         "host not found in \"nosuch.example\" of the \"listen\" directive in /c/w.conf:2"},
        {"events { }\nhttp { gzip on; }", "directive \"gzip\" is known to nginx but not supported by webserv yet in /c/w.conf:2"},
        {"events { }\ninclude /none;", "open() \"/none\" failed (2: No such file or directory) in /c/w.conf:2"},
    };
    for (const auto& c : cases) EXPECT_EQ(build(c.text).error(), c.error) << c.text;
}

TEST(Site, ReadsTheCommandLineBeforeTheFile) {
    const Built built = build("events { }", "daemon off; pid run/x.pid;");
    ASSERT_TRUE(built.site) << built.error();
    EXPECT_FALSE(built->process().daemon);
    EXPECT_EQ(built->process().pid, "/p/run/x.pid");
    EXPECT_EQ(build("events { }\ndaemon on;", "daemon off;").error(), "\"daemon\" directive is duplicate in /c/w.conf:2");
    EXPECT_EQ(build("events { }", "deamon off;").error(), "unknown directive \"deamon\" in command line");
}

TEST(Site, HasTheProcessSettings) {
    const Built plain = build("events { }");
    ASSERT_TRUE(plain.site);
    EXPECT_EQ(plain->process().worker_processes, 1U);
    EXPECT_EQ(plain->process().worker_connections, 512U);
    EXPECT_EQ(plain->process().pid, "/p/logs/webserv.pid");
    EXPECT_THAT(plain->points, IsEmpty());
    const Built built = build("user www staff; worker_processes auto; events { worker_connections 9; use epoll; }");
    ASSERT_TRUE(built.site) << built.error();
    EXPECT_EQ(built->process().worker_processes, 0U);
    EXPECT_EQ(built->process().worker_connections, 9U);
    ASSERT_TRUE(built->process().user);
    EXPECT_EQ(built->process().user->user, 33U);
    EXPECT_EQ(built->process().user->group, 44U);
}

// A worker without rights builds the same site from what the master's loader was told.
TEST(Site, IsBuiltAgainFromARecord) {
    config::MemoryLoader outside{{{"/c/w.conf", R"(user www; events { } http { include mime.types; include sites/*;
                                     server { listen box.example:80; server_name $hostname ~(?<user>x); location ~ (?<page>y) { } } })"},
                                  {"/c/mime.types", "types { text/plain txt; }"},
                                  {"/c/sites/a", "server { server_name a; error_page 404 /$user; }"},
                                  {"/c/sites/b", "server { listen 81; server_name b; access_log /b; }"}}};
    config::RecordingLoader recording{outside};
    const Built first = build_with(recording);
    ASSERT_TRUE(first.site) << first.error();
    const int questions = outside.questions;
    auto replaying = config::ReplayingLoader::open(recording.record());
    ASSERT_TRUE(replaying);
    const Built second = build_with(**replaying);
    ASSERT_TRUE(second.site) << second.error();
    EXPECT_EQ(outside.questions, questions);

    const auto describe = [](const Built& built) {
        std::string text = built->process().pid + " " + std::to_string(built->process().user->user) + "\n";
        for (const auto& point : built->points) text += point->address.text() + "\n";
        for (const auto& each : built->hosts) {
            for (const auto& name : each->names) text += name.text + " ";
            for (const auto& at : each->locations.all()) text += at->name + " " + std::to_string(at->handlers.size()) + " ";
            text += core(each->bare).types->at("txt") + "\n";
        }
        for (const auto& log : built->access_logs) text += log.place.path + (log.used ? " used\n" : "\n");
        for (const auto& file : built->files) text += file->path + ": " + file->content + "\n";
        return text + std::to_string(built->variables.size());
    };
    EXPECT_EQ(describe(first), describe(second));
    EXPECT_THAT(describe(first), HasSubstr("[2001:db8::1]:80"));
    EXPECT_THAT(describe(first), HasSubstr("/c/sites/b: server"));
    EXPECT_EQ(first.warnings, second.warnings);
}

}  // namespace
}  // namespace webserv::modules
