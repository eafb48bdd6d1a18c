// sys/limits_test.cpp: limits, priority and processors, as the kernel reports them afterwards.
// Each in a child, which is as it has been made for the rest of its life.
#include "sys/limits.hpp"

#include <gtest/gtest.h>
#include <limits.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "sys/process.hpp"

namespace webserv::sys {
namespace {

/// Runs `life` in a child; its value becomes the exit status.
int status_of_child(const std::function<int()>& life) {
    const auto child = fork_process();
    if (!child) return -1;
    if (*child == 0) ::_exit(life());
    const auto ended = wait_for_child(*child);
    return ended && ended->signal == 0 ? ended->exit_status : -1;
}

TEST(Limits, SetsSoftAndHardLimit) {
    EXPECT_EQ(status_of_child([] {
                  if (!set_limit(Resource::descriptors, 37) || !set_limit(Resource::core_file, 0)) return 1;
                  rlimit descriptors{};
                  rlimit core_file{};
                  ::getrlimit(RLIMIT_NOFILE, &descriptors);
                  ::getrlimit(RLIMIT_CORE, &core_file);
                  if (descriptors.rlim_cur != 37 || descriptors.rlim_max != 37) return 2;
                  return core_file.rlim_cur == 0 && core_file.rlim_max == 0 ? 0 : 3;
              }),
              0);
}

TEST(Limits, NobodyMayHaveEverything) {
    const auto set = set_limit(Resource::descriptors, UINT64_MAX);
    ASSERT_FALSE(set);
    EXPECT_EQ(set.error().code, std::errc::operation_not_permitted);
    EXPECT_STREQ(set.error().doing, "setrlimit");
}

TEST(Limits, SetsThePriority) {
    EXPECT_EQ(status_of_child([] {
                  if (!set_priority(19)) return 1;
                  return ::getpriority(PRIO_PROCESS, 0) == 19 ? 0 : 2;
              }),
              0);
}

TEST(Limits, BindsToProcessors) {
    const auto before = affinity();
    ASSERT_TRUE(before);
    ASSERT_TRUE(before->any());
    EXPECT_EQ(status_of_child([&] {
                  std::size_t last = cpus_max - 1;
                  while (!before->test(last)) --last;
                  CpuMask one;
                  if (!set_affinity(one.set(last))) return 1;
                  return affinity() == one ? 0 : 2;
              }),
              0);
    EXPECT_EQ(affinity(), *before);
    EXPECT_EQ(set_affinity({}).error().code, std::errc::invalid_argument);
}

TEST(Limits, AllowsCoreFilesAndChangesTheFolder) {
    EXPECT_EQ(status_of_child([] {
                  ::prctl(PR_SET_DUMPABLE, 0);
                  if (!allow_core_files() || ::prctl(PR_GET_DUMPABLE) != 1) return 1;
                  if (!change_folder("/usr") || std::filesystem::current_path() != "/usr") return 2;
                  const auto missing = change_folder("/no/such/folder");
                  return !missing && missing.error().code == std::errc::no_such_file_or_directory ? 0 : 3;
              }),
              0);
}

}  // namespace
}  // namespace webserv::sys
