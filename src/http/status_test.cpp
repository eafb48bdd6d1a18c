// http/status_test.cpp: phrases as nginx prints them, methods as RFC 9110 names them.
// Only phrases that differ, and one of each hundred.
#include "http/status.hpp"

#include <gtest/gtest.h>

#include "http/message.hpp"

namespace webserv::http {
namespace {

TEST(StatusDigits, AreAlwaysThree) {
    const auto text = [](int status) { return std::string(status_digits(status).data(), 3); };
    EXPECT_EQ(text(0), "000");
    EXPECT_EQ(text(9), "009");
    EXPECT_EQ(text(404), "404");
    EXPECT_EQ(text(999), "999");
}

TEST(ReasonPhrase, IsNginxs) {
    EXPECT_EQ(reason_phrase(200), "OK");
    EXPECT_EQ(reason_phrase(302), "Moved Temporarily");
    EXPECT_EQ(reason_phrase(405), "Not Allowed");
    EXPECT_EQ(reason_phrase(408), "Request Time-out");
    EXPECT_EQ(reason_phrase(413), "Request Entity Too Large");
    EXPECT_EQ(reason_phrase(414), "Request-URI Too Large");
    EXPECT_EQ(reason_phrase(416), "Requested Range Not Satisfiable");
    EXPECT_EQ(reason_phrase(503), "Service Temporarily Unavailable");
    EXPECT_EQ(reason_phrase(504), "Gateway Time-out");
}

TEST(ReasonPhrase, IsTheRegistrysElse) {
    EXPECT_EQ(reason_phrase(101), "Switching Protocols");
    EXPECT_EQ(reason_phrase(226), "IM Used");
    EXPECT_EQ(reason_phrase(451), "Unavailable For Legal Reasons");
    EXPECT_EQ(reason_phrase(511), "Network Authentication Required");
}

TEST(ReasonPhrase, IsEmptyForTheUnregistered) {
    for (const int status : {-1, 0, 99, 199, 299, 306, 418, 444, 494, 499, 509, 599, 999}) EXPECT_EQ(reason_phrase(status), "") << status;
}

TEST(Method, IsCaseSensitive) {
    EXPECT_EQ(method_of("GET"), Method::get);
    EXPECT_EQ(method_of("DELETE"), Method::delete_);
    EXPECT_EQ(method_of("PATCH"), Method::patch);
    EXPECT_EQ(method_of("get"), Method::other);
    EXPECT_EQ(method_of("GETT"), Method::other);
    EXPECT_EQ(method_of(""), Method::other);
}

}  // namespace
}  // namespace webserv::http
