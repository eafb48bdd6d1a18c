// sys/environment_test.cpp: variables taken, and an environment replaced as a whole.
// What replaces everything happens in a child.
#include "sys/environment.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <vector>

#include "sys/process.hpp"

namespace webserv::sys {
namespace {

TEST(Environment, AVariableThatIsTakenIsGone) {
    ::setenv("WEBSERV_TEST", "a=b", 1);
    EXPECT_EQ(environment_variable("WEBSERV_TEST"), "a=b");
    EXPECT_EQ(take_environment_variable("WEBSERV_TEST"), "a=b");
    EXPECT_EQ(environment_variable("WEBSERV_TEST"), std::nullopt);
    EXPECT_EQ(take_environment_variable("WEBSERV_TEST"), std::nullopt);
    ::setenv("WEBSERV_TEST", "", 1);
    EXPECT_EQ(take_environment_variable("WEBSERV_TEST"), "");
}

/// What is wrong after the environment has been replaced; 0: nothing.
int replace_all() {
    ::setenv("WEBSERV_TEST", "before", 1);
    const std::vector<std::string> variables = {"A=1", "B=x=y", "A=2", "=nameless", "C=", "word", "TZ=JST-9"};
    replace_environment(variables);
    std::size_t count = 0;
    while (environ[count] != nullptr) ++count;
    if (count != 4 || environment_variable("WEBSERV_TEST") || environment_variable("PATH")) return 1;
    if (environment_variable("A") != "1" || environment_variable("B") != "x=y" || environment_variable("C") != "") return 2;
    const time_t zero = 0;
    tm local{};
    ::localtime_r(&zero, &local);
    return local.tm_hour == 9 ? 0 : 3;
}

TEST(Environment, IsReplacedAsAWhole) {
    const auto child = fork_process();
    ASSERT_TRUE(child);
    if (*child == 0) {
        ::setenv("TZ", "UTC", 1);
        ::tzset();
        ::_exit(replace_all());
    }
    EXPECT_EQ(wait_for_child(*child)->exit_status, 0);
}

}  // namespace
}  // namespace webserv::sys
