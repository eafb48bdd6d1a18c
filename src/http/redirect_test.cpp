// http/redirect_test.cpp: every redirect with every kind of method.
// As browsers do it.
#include "http/redirect.hpp"

#include <gtest/gtest.h>

namespace webserv::http {
namespace {

TEST(Redirect, ChangesTheMethodWhereItMust) {
    struct Case {
        int status;
        std::string_view changed;  // the methods that become GET
    };
    for (const auto& [status, changed] :
         {Case{301, "POST"}, Case{302, "POST"}, Case{303, "POST PUT DELETE PATCH"}, Case{307, ""}, Case{308, ""}}) {
        for (const std::string_view method : {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"}) {
            EXPECT_EQ(redirect_becomes_get(status, method), changed.find(method) != changed.npos) << status << " " << method;
        }
    }
}

}  // namespace
}  // namespace webserv::http
