// sys/password_test.cpp: hashes that other tools have made are made again.
// From openssl passwd, htpasswd and mkpasswd; all of the password "secret".
#include "sys/password.hpp"

#include <gtest/gtest.h>

namespace webserv::sys {
namespace {

TEST(Password, IsHashedAsItWas) {
    const std::string hashes[] = {
        "abNANd1rDfiNc",
        "$1$saltsalt$9xy1btjgzLYfb7hivXtC//",
        "$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA",
        "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1",
        "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
        "$y$j75$abcd$4kXmLgaKDvIX6kdRHPMTHEFMzZbz3KU11lQ0dx6AKZ3",
    };
    for (const std::string& hash : hashes) {
        EXPECT_EQ(hash_password("secret", hash), hash);
        EXPECT_NE(hash_password("Secret", hash), hash);
        EXPECT_NE(hash_password("", hash), hash);
    }
}

TEST(Password, AMethodThatIsUnknownGivesNothing) {
    EXPECT_FALSE(hash_password("secret", "$nosuch$salt$hash"));
    EXPECT_FALSE(hash_password("secret", "*0"));
    EXPECT_FALSE(hash_password("secret", ""));
}

}  // namespace
}  // namespace webserv::sys
