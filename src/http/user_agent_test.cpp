// http/user_agent_test.cpp: fields as those browsers sent them.
// Chrome says Safari, and everybody said MSIE once.
#include "http/user_agent.hpp"

#include <gtest/gtest.h>

namespace webserv::http {
namespace {

TEST(UserAgent, KnowsOldInternetExplorers) {
    EXPECT_TRUE(is_msie6("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)"));
    EXPECT_TRUE(is_msie6("Mozilla/4.0 (compatible; MSIE 5.5; Windows 98)"));
    EXPECT_FALSE(is_msie6("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)"));
    EXPECT_FALSE(is_msie6("Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.0)"));
    EXPECT_FALSE(is_msie6("Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2)"));
    EXPECT_FALSE(is_msie6("Mozilla/4.0 (compatible; MSIE 6.0; X11; Linux) Opera 7.50"));
    EXPECT_FALSE(is_msie6("curl/7.88.1"));
    EXPECT_FALSE(is_msie6("MSIE 6"));
    EXPECT_FALSE(is_msie6(""));
}

TEST(UserAgent, KnowsSafari) {
    EXPECT_TRUE(is_safari("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605.1 (KHTML, like Gecko) Version/13.0 Safari/605.1"));
    EXPECT_FALSE(is_safari("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/537 (KHTML, like Gecko) Chrome/90 Safari/537"));
    EXPECT_FALSE(is_safari("Mozilla/5.0 (Windows NT 6.1) AppleWebKit/533 (KHTML, like Gecko) Version/5.0 Safari/533"));
    EXPECT_FALSE(is_safari("curl/7.88.1"));
}

}  // namespace
}  // namespace webserv::http
