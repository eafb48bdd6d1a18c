// server/variables_test.cpp: names to indices: defined variables, families, and those that named captures fill.
// Names, families, captures, and what is unknown.
#include "server/variables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace webserv::server {
namespace {

constexpr Variable variables[] = {
    {.name = "host"},
    {.name = "http_", .prefix = true},
    {.name = "http_host"},
    {.name = "request_body", .needs_content = true},
};

VariableTable table() {
    VariableTable result;
    result.add(variables);
    return result;
}

TEST(Variables, HaveOneIndexEach) {
    VariableTable names = table();
    const int host = names.index_of("host");
    const int agent = names.index_of("http_user_agent");
    EXPECT_GE(host, 0);
    EXPECT_NE(host, agent);
    EXPECT_EQ(names.index_of("host"), host);
    EXPECT_EQ(names.index_of("http_user_agent"), agent);
    EXPECT_EQ(names.size(), 2U);
    EXPECT_EQ(names.entry(host).definition, &variables[0]);
    EXPECT_EQ(names.entry(host).rest, "");
}

TEST(Variables, BelongToAFamilyUnlessTheyAreDefined) {
    VariableTable names = table();
    const auto& agent = names.entry(names.index_of("http_user_agent"));
    EXPECT_EQ(agent.definition, &variables[1]);
    EXPECT_EQ(agent.rest, "user_agent");
    const auto& host = names.entry(names.index_of("http_host"));
    EXPECT_EQ(host.definition, &variables[2]);
    EXPECT_EQ(host.rest, "");
}

TEST(Variables, AreUnknownOtherwise) {
    VariableTable names = table();
    for (const char* const name : {"", "hos", "hostx", "http", "http_", "Host"}) EXPECT_EQ(names.index_of(name), -1) << name;
    EXPECT_EQ(names.size(), 0U);
}

TEST(Variables, MayBeDeclaredForNamedCaptures) {
    VariableTable names = table();
    const int user = names.declare("user");
    EXPECT_EQ(names.declare("user"), user);
    EXPECT_EQ(names.index_of("user"), user);
    EXPECT_EQ(names.entry(user).definition, nullptr);
    EXPECT_FALSE(names.is_defined("user"));
    EXPECT_TRUE(names.is_defined("host"));
    EXPECT_FALSE(names.is_defined("http_user_agent"));  // a capture may take a name within a family
    EXPECT_THAT(names.known(), testing::UnorderedElementsAre("host", "http_host", "request_body", "user"));
}

TEST(Variables, TellWhetherContentIsNeeded) {
    VariableTable names = table();
    (void)names.index_of("host");
    EXPECT_FALSE(names.take_needs_content());
    (void)names.index_of("request_body");
    (void)names.index_of("host");
    EXPECT_TRUE(names.take_needs_content());
    EXPECT_FALSE(names.take_needs_content());
    (void)names.index_of("request_body");  // every asker is told, not only the first
    EXPECT_TRUE(names.take_needs_content());
}

}  // namespace
}  // namespace webserv::server
