// modules/auth_basic_test.cpp: each format of a password file, with hashes that other tools have made.
// From htpasswd, openssl passwd and slappasswd, of the password "secret" unless it says otherwise.
#include <gtest/gtest.h>

#include <string>

#include "modules/auth_basic_password.hpp"

namespace webserv::modules {
namespace {

TEST(PasswordFile, TheFirstLineOfAUserCounts) {
    constexpr std::string_view file = "# users\n\nann:one:a comment\r\nbob:two\r\nbobby:three\n#carl:four\nbob:five\n:six\ndora";
    EXPECT_EQ(find_password(file, "ann"), "one");
    EXPECT_EQ(find_password(file, "bob"), "two");
    EXPECT_EQ(find_password(file, "bobby"), "three");
    EXPECT_EQ(find_password("last:line", "last"), "line");
    EXPECT_EQ(find_password("empty:\nx:y", "empty"), "");
    for (const std::string_view user : {"carl", "#carl", "# users", "bo", "dora", "five", "BOB"})
        EXPECT_FALSE(find_password(file, user)) << user;
}

TEST(Password, MatchesWhatToolsHaveMade) {
    const std::string stored[] = {"{PLAIN}secret",
                                  "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
                                  "{SSHA}D4kSuvPIF4rZzl+dW9Km/1788fBwZXBwZXI=",
                                  "$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0",
                                  "abNANd1rDfiNc",
                                  "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1"};
    for (const std::string& hash : stored) {
        EXPECT_TRUE(password_matches("secret", hash)) << hash;
        for (const std::string wrong : {"", "Secret", "secre", "secret ", "\xff"}) EXPECT_FALSE(password_matches(wrong, hash)) << hash;
    }
    EXPECT_TRUE(password_matches("", "{PLAIN}"));
}

TEST(Password, ApachesHashHoldsForEveryLength) {
    EXPECT_TRUE(password_matches("", "$apr1$x$tMwYqBfQwi3FYAr0aJc8M/"));
    EXPECT_FALSE(password_matches("x", "$apr1$x$tMwYqBfQwi3FYAr0aJc8M/"));
    EXPECT_TRUE(password_matches("a", "$apr1$abcdefgh$G8IsPsylW5ROvIKsQMRG61"));
    EXPECT_FALSE(password_matches("ax", "$apr1$abcdefgh$G8IsPsylW5ROvIKsQMRG61"));
    EXPECT_TRUE(password_matches("0123456789abcdef", "$apr1$ab$1FPGDx43yKnbIEPqvqc.H."));
    EXPECT_FALSE(password_matches("0123456789abcdefx", "$apr1$ab$1FPGDx43yKnbIEPqvqc.H."));
    EXPECT_TRUE(password_matches("0123456789abcdefg", "$apr1$abc$7/oB7tG8tp0GQTEUJ7ffu."));
    EXPECT_FALSE(password_matches("0123456789abcdefgx", "$apr1$abc$7/oB7tG8tp0GQTEUJ7ffu."));
    EXPECT_TRUE(password_matches("a long password that is more than thirty-two octets", "$apr1$longsalt$b7TIkwk9icbkz9PxZ1jW0."));
    EXPECT_FALSE(password_matches("a long password that is more than thirty-two octetsx", "$apr1$longsalt$b7TIkwk9icbkz9PxZ1jW0."));
}

TEST(Password, WhatIsNoHashMatchesNothing) {
    for (const std::string stored : {"", "secret", "{SHA}", "{SHA}!!", "{SHA}c2VjcmV0", "{SSHA}", "{SSHA}c2VjcmV0", "{MD5}x", "$apr1$",
                                     "$apr1$salt", "*0", "$9$x$y"}) {
        EXPECT_FALSE(password_matches("secret", stored)) << stored;
        EXPECT_FALSE(password_matches("", stored)) << stored;
    }
}

TEST(Password, OnlyDigestsAreQuick) {
    EXPECT_FALSE(is_slow("{PLAIN}x"));
    EXPECT_FALSE(is_slow("{SHA}x"));
    EXPECT_FALSE(is_slow("{SSHA}x"));
    EXPECT_TRUE(is_slow("$2y$12$x"));
    EXPECT_TRUE(is_slow("$apr1$x"));
    EXPECT_TRUE(is_slow("abcdefghijklm"));
}

}  // namespace
}  // namespace webserv::modules
