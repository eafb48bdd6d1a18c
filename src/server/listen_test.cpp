// server/listen_test.cpp: the words of `listen`: what address and options they mean, and what nginx says to wrong ones.
// Every address form nginx knows, and its words about wrong ones.
#include "server/listen.hpp"

#include <gtest/gtest.h>

#include <string>

#include "config/memory_loader.hpp"
#include "config/parser.hpp"

namespace webserv::server {
namespace {

config::Checked<std::vector<ListenSpec>> listen(const std::string& words) {
    config::MemoryLoader loader;
    const auto document = config::parse_text("listen " + words + ";", "test.conf", "/", loader);
    EXPECT_TRUE(document) << words;
    return parse_listen(document->statements.front(), loader);
}

std::string addresses(const std::string& words) {
    const auto specs = listen(words);
    if (!specs) return specs.error().message;
    std::string text;
    for (const ListenSpec& spec : *specs) text += (text.empty() ? "" : " ") + spec.address.text();
    return text;
}

TEST(Listen, TakesAddressesInManyForms) {
    const struct {
        const char* written;
        const char* address;
    } cases[] = {
        {"8080", "0.0.0.0:8080"},
        {"*:8080", "0.0.0.0:8080"},
        {"*", "0.0.0.0:80"},
        {"0.0.0.0:8080", "0.0.0.0:8080"},
        {"127.0.0.1", "127.0.0.1:80"},
        {"127.0.0.1:1", "127.0.0.1:1"},
        {"127.0.0.1:65535", "127.0.0.1:65535"},
        {"[::1]", "[::1]:80"},
        {"[::1]:8080", "[::1]:8080"},
        {"[::]:8080", "[::]:8080"},
        {"unix:/run/x.sock", "unix:/run/x.sock"},
        {"unix:@name", "unix:@name"},
        {"\"unix:/run/a b:80\"", "unix:/run/a b:80"},
        {"box.example", "192.0.2.1:80 [2001:db8::1]:80"},
        {"box.example:8080", "192.0.2.1:8080 [2001:db8::1]:8080"},
    };
    for (const auto& c : cases) EXPECT_EQ(addresses(c.written), c.address) << c.written;
}

TEST(Listen, ComplainsAboutAddressesAsNginxDoes) {
    const std::string long_path(200, 'x');
    const struct {
        std::string written;
        const char* what;
    } cases[] = {
        {"0", "invalid port"},
        {"65536", "invalid port"},
        {"99999999999999999999", "invalid port"},
        {"127.0.0.1:", "invalid port"},
        {"127.0.0.1:0", "invalid port"},
        {"127.0.0.1:65536", "invalid port"},
        {"127.0.0.1:80x", "invalid port"},
        {"127.0.0.1:-1", "invalid port"},
        {"[::1]:", "invalid port"},
        {":80", "no host"},
        {"[::1", "invalid IPv6 address"},
        {"[::1]8080", "invalid IPv6 address"},
        {"[]:80", "invalid IPv6 address"},
        {"[127.0.0.1]:80", "invalid IPv6 address"},
        {"unix:", "no path in the unix domain socket"},
        {"unix:/" + long_path, "too long path in the unix domain socket"},
        {"nosuch.example:80", "host not found"},
        {"127.0.0.1.5", "host not found"},
    };
    for (const auto& c : cases) {
        EXPECT_EQ(addresses(c.written), c.what + (" in \"" + c.written) + "\" of the \"listen\" directive");
    }
}

TEST(Listen, TakesParameters) {
    const struct {
        const char* written;
        bool default_server, has_options, reuse_port, ipv6_only;
        int backlog;
    } cases[] = {
        {"80", false, false, false, true, 511},
        {"80 default_server", true, false, false, true, 511},
        {"80 default", true, false, false, true, 511},
        {"80 bind", false, true, false, true, 511},
        {"80 reuseport", false, true, true, true, 511},
        {"80 backlog=1", false, true, false, true, 1},
        {"80 backlog=2147483647", false, true, false, true, 2147483647},
        {"80 ipv6only=on", false, true, false, true, 511},  // says nothing about an IPv4 address, and is no error
        {"[::]:80 ipv6only=on", false, true, false, true, 511},
        {"[::]:80 ipv6only=off", false, true, false, false, 511},
        {"80 reuseport backlog=64 default_server", true, true, true, true, 64},
    };
    for (const auto& c : cases) {
        const auto specs = listen(c.written);
        ASSERT_TRUE(specs) << c.written;
        ASSERT_EQ(specs->size(), 1U);
        const ListenSpec& spec = specs->front();
        EXPECT_EQ(spec.default_server, c.default_server) << c.written;
        EXPECT_EQ(spec.has_options, c.has_options) << c.written;
        EXPECT_EQ(spec.options.reuse_port, c.reuse_port) << c.written;
        EXPECT_EQ(spec.options.ipv6_only, c.ipv6_only) << c.written;
        EXPECT_EQ(spec.options.backlog, c.backlog) << c.written;
        EXPECT_EQ(spec.place.line, 1U);
    }
}

TEST(Listen, GivesParametersToEveryAddressOfAName) {
    const auto specs = listen("box.example:80 default_server backlog=5");
    ASSERT_TRUE(specs);
    ASSERT_EQ(specs->size(), 2U);
    for (const ListenSpec& spec : *specs) {
        EXPECT_TRUE(spec.default_server);
        EXPECT_EQ(spec.options.backlog, 5);
    }
}

TEST(Listen, TakesSeveralPorts) {
    const auto specs = listen("127.0.0.1:8000-8002 backlog=5");
    ASSERT_TRUE(specs) << specs.error().message;
    ASSERT_EQ(specs->size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ((*specs)[i].address.text(), "127.0.0.1:800" + std::to_string(i));
        EXPECT_EQ((*specs)[i].options.backlog, 5);
    }
    EXPECT_EQ(listen("box.example:80-81")->size(), 4U);
    EXPECT_EQ(listen("8000-8001")->back().address.text(), "0.0.0.0:8001");
    EXPECT_EQ(listen("[::1]:65535-65535")->front().address.port(), 65535);
    for (const char* const wrong : {"8001-8000", "8000-", "-8000", "-", "0-1", "65535-65536", "1-2-3", "127.0.0.1:1-x"}) {
        EXPECT_FALSE(listen(wrong)) << wrong;
    }
}

TEST(Listen, TakesSocketOptions) {
    const auto specs = listen("80 rcvbuf=8k sndbuf=1m fastopen=3 deferred multipath so_keepalive=1h:10s:4");
    ASSERT_TRUE(specs) << specs.error().message;
    const sys::ListenOptions& options = specs->front().options;
    EXPECT_EQ(options.receive_bytes, 8192);
    EXPECT_EQ(options.send_bytes, 1 << 20);
    EXPECT_EQ(options.fast_open, 3);
    EXPECT_EQ(options.defer_seconds, 1);
    EXPECT_TRUE(options.multipath);
    EXPECT_EQ(options.keep_alive, (sys::KeepAlive{.on = true, .idle_seconds = 3600, .interval_seconds = 10, .probes = 4}));
    EXPECT_TRUE(specs->front().has_options);
    EXPECT_FALSE(specs->front().proxy_protocol);
    EXPECT_EQ(listen("80 so_keepalive=30m")->front().options.keep_alive, (sys::KeepAlive{.on = true, .idle_seconds = 1800}));
    EXPECT_EQ(listen("80 fastopen=0")->front().options.fast_open, 0);
    EXPECT_EQ(listen("80 so_keepalive=off")->front().options.keep_alive, sys::KeepAlive{});
    EXPECT_EQ(listen("80")->front().options, sys::ListenOptions{});
}

TEST(Listen, NeedsNoSocketOfItsOwnForTheProxyProtocol) {
    const auto specs = listen("80 proxy_protocol");
    ASSERT_TRUE(specs);
    EXPECT_TRUE(specs->front().proxy_protocol);
    EXPECT_FALSE(specs->front().has_options);
}

TEST(Listen, ComplainsAboutParametersAtTheirPlace) {
    const struct {
        const char* written;
        const char* message;
        const char* suggestion;
    } cases[] = {
        {"80 backlog=0", "invalid backlog \"backlog=0\"", ""},
        {"80 backlog=", "invalid backlog \"backlog=\"", ""},
        {"80 backlog=2147483648", "invalid backlog \"backlog=2147483648\"", ""},
        {"[::]:80 ipv6only=yes", "invalid ipv6only flags \"yes\"", ""},
        {"80 quic", "parameter \"quic\" of \"listen\" is known to nginx but not supported by webserv yet", ""},
        {"80 setfib=1", "parameter \"setfib\" of \"listen\" is not supported on Linux", ""},
        {"80 rcvbuf=", "invalid rcvbuf \"rcvbuf=\"", ""},
        {"80 sndbuf=4g", "invalid sndbuf \"sndbuf=4g\"", ""},
        {"80 fastopen=-1", "invalid fastopen \"fastopen=-1\"", ""},
        {"80 so_keepalive=1h:x", "invalid so_keepalive value: \"1h:x\"", "on, off or idle:interval:count"},
        {"80 reuseprot", "invalid parameter \"reuseprot\"", "did you mean \"reuseport\"?"},
        {"80 default_server=1", "invalid parameter \"default_server=1\"", "did you mean \"default_server\"?"},
        {"80 bind=1", "invalid parameter \"bind=1\"", "did you mean \"bind\"?"},
        {"80 zzzzzzzz", "invalid parameter \"zzzzzzzz\"", ""},
        {"80 81", "invalid parameter \"81\"", ""},
    };
    for (const auto& c : cases) {
        const auto specs = listen(c.written);
        ASSERT_FALSE(specs) << c.written;
        EXPECT_EQ(specs.error().message, c.message);
        EXPECT_EQ(specs.error().suggestion, c.suggestion) << c.written;
        const std::string_view parameter = std::string_view{c.written}.substr(std::string_view{c.written}.find(' ') + 1);
        EXPECT_EQ(specs.error().place.column, 8 + static_cast<unsigned>(parameter.data() - c.written)) << c.written;
    }
}

TEST(Listen, HasADefaultThatDependsOnWhoWeAre) {
    EXPECT_EQ(default_listen(true).address.text(), "0.0.0.0:80");
    EXPECT_EQ(default_listen(false).address.text(), "0.0.0.0:8000");
    EXPECT_FALSE(default_listen(true).has_options);
}

}  // namespace
}  // namespace webserv::server
