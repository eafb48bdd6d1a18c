// server/virtual_host_test.cpp: which server a host name finds: exact, then wildcards by length, then regexes in order.
// The order of names, and who wins when two want the same.
#include "server/virtual_host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace webserv::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Servers with the names of one string each, "" for a server without a host's name.
class Hosts {
public:
    explicit Hosts(std::initializer_list<const char*> servers) {
        for (const char* const names : servers) {
            auto host = std::make_unique<VirtualHost>();
            std::istringstream words{names};
            for (std::string word; words >> word;) host->names.push_back(name_of(word));
            if (host->names.empty()) host->names.push_back({});
            conflicts_.push_back(table_.add(*host));
            hosts_.push_back(std::move(host));
        }
    }

    // The number of the server that was found, from 1; 0: none.
    [[nodiscard]] std::size_t find(std::string_view host) const {
        Arena arena;
        const auto choice = table_.find(host, arena);
        for (std::size_t i = 0; i < hosts_.size(); ++i) {
            if (hosts_[i].get() == choice.host) return i + 1;
        }
        EXPECT_EQ(choice.host, nullptr);
        return 0;
    }
    [[nodiscard]] const NameTable& table() const { return table_; }
    [[nodiscard]] const std::vector<std::string>& conflicts(std::size_t server) const { return conflicts_[server - 1]; }

private:
    static ServerName name_of(const std::string& text) {
        ServerName result;
        result.text = text;
        if (text.starts_with('~')) {
            auto regex = config::Regex::compile(text.substr(1), false);
            EXPECT_TRUE(regex);
            result.regex = std::make_shared<const config::Regex>(std::move(*regex));
        }
        return result;
    }

    std::vector<std::unique_ptr<VirtualHost>> hosts_;
    std::vector<std::vector<std::string>> conflicts_;
    NameTable table_;
};

TEST(ServerNames, AreFoundInOrderOfKind) {
    struct Case {
        std::initializer_list<const char*> servers;
        const char* host;
        std::size_t expected;
    };
    const Case cases[] = {
        {{"a.org", "b.org"}, "b.org", 2},
        {{"a.org"}, "b.org", 0},
        {{"a.org"}, "a.org.uk", 0},
        {{"a.org b.org"}, "b.org", 1},
        {{"a.org", ""}, "", 2},
        {{"a.org"}, "", 0},
        // a wildcard in front stands for one label or more, and for something
        {{"*.a.org"}, "x.a.org", 1},
        {{"*.a.org"}, "x.y.a.org", 1},
        {{"*.a.org"}, "a.org", 0},
        {{"*.a.org"}, ".a.org", 0},
        {{"*.a.org"}, "xa.org", 0},
        {{"*.org", "*.a.org"}, "x.a.org", 2},
        {{"*.org", "*.a.org"}, "x.b.org", 1},
        // so does one at the end
        {{"www.*"}, "www.org", 1},
        {{"www.*"}, "www.a.org", 1},
        {{"www.*"}, "www.", 0},
        {{"www.*"}, "www", 0},
        {{"www.*"}, "wwww.org", 0},
        {{"www.*", "www.a.*"}, "www.a.org", 2},
        {{"www.*", "www.a.*"}, "www.b.org", 1},
        // ".a.org" is "a.org" and "*.a.org"
        {{".a.org"}, "a.org", 1},
        {{".a.org"}, "x.a.org", 1},
        {{".a.org"}, "ba.org", 0},
        {{".a.org", "x.a.org"}, "x.a.org", 2},
        // exact, front, end, regex
        {{"~^www", "www.ex.*", "*.ex.com", "www.ex.com"}, "www.ex.com", 4},
        {{"~^www", "www.ex.*", "*.ex.com"}, "www.ex.com", 3},
        {{"~^www", "www.ex.*"}, "www.ex.com", 2},
        {{"~^www", "*.org"}, "www.com", 1},
        {{"~b", "~a"}, "ab", 1},
        {{"~b", "~a"}, "a", 2},
        {{"~b", "~a"}, "c", 0},
    };
    for (const Case& c : cases) EXPECT_EQ(Hosts(c.servers).find(c.host), c.expected) << *c.servers.begin() << " ... for " << c.host;
}

TEST(ServerNames, GiveWhatTheRegexCaptured) {
    const Hosts hosts{"a.org", R"(~^(\w+)\.b\.org$)"};
    Arena arena;
    const auto found = hosts.table().find("user.b.org", arena);
    ASSERT_NE(found.name, nullptr);
    ASSERT_NE(found.captures, nullptr);
    EXPECT_EQ(found.name->text, R"(~^(\w+)\.b\.org$)");
    EXPECT_EQ(found.captures->get(1), "user");
    EXPECT_EQ(hosts.table().find("a.org", arena).captures, nullptr);
}

TEST(ServerNames, BelongToTheFirstServerThatTakesThem) {
    const Hosts hosts{"a.org *.b.org www.* .c.org", "*.b.org a.org d.org www.*", ".c.org", "c.org", "~x", "~x"};
    EXPECT_THAT(hosts.conflicts(1), IsEmpty());
    EXPECT_THAT(hosts.conflicts(2), ElementsAre("*.b.org", "a.org", "www.*"));
    EXPECT_THAT(hosts.conflicts(3), ElementsAre(".c.org", ".c.org"));
    EXPECT_THAT(hosts.conflicts(4), ElementsAre("c.org"));
    EXPECT_THAT(hosts.conflicts(6), IsEmpty());
    EXPECT_EQ(hosts.find("a.org"), 1U);
    EXPECT_EQ(hosts.find("d.org"), 2U);
}

TEST(VirtualHost, IsCalledByItsFirstName) {
    const struct {
        std::initializer_list<const char*> names;
        const char* expected;
    } cases[] = {{{}, ""}, {{""}, ""}, {{"a.org", "b.org"}, "a.org"}, {{"*.a.org"}, "*.a.org"}, {{".a.org"}, "a.org"}, {{"~^a"}, "~^a"}};
    for (const auto& c : cases) {
        VirtualHost host;
        for (const char* const name : c.names) host.names.push_back({.text = name, .regex = nullptr, .named_captures = {}, .place = {}});
        EXPECT_EQ(host.first_name(), c.expected);
    }
}

TEST(VirtualHost, FindsItsNamedLocations) {
    VirtualHost host;
    for (const char* const name : {"@a", "/b", "@c"}) {
        auto location = std::make_unique<Location>();
        location->name = name;
        location->kind = *name == '@' ? Location::Kind::named : Location::Kind::prefix;
        ASSERT_TRUE(host.locations.add(std::move(location)));
    }
    host.locations.index();
    ASSERT_NE(host.named_location("@c"), nullptr);
    EXPECT_EQ(host.named_location("@c")->name, "@c");
    EXPECT_EQ(host.named_location("/b"), nullptr);
    EXPECT_EQ(host.named_location("@d"), nullptr);
}

}  // namespace
}  // namespace webserv::server
