// http/credentials_test.cpp: RFC 7617's examples, and what is no pair of user and password.
// Nothing here knows who may come in.
#include "http/credentials.hpp"

#include <gtest/gtest.h>

namespace webserv::http {
namespace {

std::string parsed(std::string_view field) {
    const auto credentials = parse_basic_credentials(field);
    return credentials ? credentials->user + "|" + credentials->password : "none";
}

TEST(BasicCredentials, ArePartedByTheFirstColon) {
    EXPECT_EQ(parsed("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "Aladdin|open sesame");
    EXPECT_EQ(parsed("bASIC   dGVzdDoxMjPCow=="), "test|123\xc2\xa3");
    EXPECT_EQ(parsed("Basic YTpiOmM="), "a|b:c");
    EXPECT_EQ(parsed("Basic YTo="), "a|");
}

TEST(BasicCredentials, AreNothingElse) {
    for (const std::string_view field :
         {"", "Basic", "Basic ", "Basic\tYTpi", "Bearer YTpi", "Basic OmI=", "Basic YWI=", "Basic !!!!", "Basic YTpi,x"}) {
        EXPECT_EQ(parsed(field), "none") << field;
    }
}

}  // namespace
}  // namespace webserv::http
