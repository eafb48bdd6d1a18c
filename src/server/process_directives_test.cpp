// server/process_directives_test.cpp: what the directives about workers leave in the settings, and what nginx says to mistakes.
// The environment comes from a loader in memory.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/memory_loader.hpp"
#include "server/core_modules.hpp"
#include "server/site_builder.hpp"

namespace webserv::server {
namespace {

struct Built {
    config::Checked<MainSettings> settings;
    std::vector<std::string> warnings;
};

Built build(const std::string& text, const std::map<std::string, std::string>& variables = {}) {
    static constexpr const Module* modules[] = {&main_module, &process_module};
    config::MemoryLoader loader{{{"/c/w.conf", text + " events { }"}}};
    loader.variables = variables;
    SiteBuilder builder{{.prefix = "/p/", .conf_path = "/c/w.conf", .directives = {}, .error_log = {}}, modules, loader};
    auto site = builder.build();
    if (!site) return {std::unexpected{site.error()}, {}};
    return {(*site)->process(), builder.warnings()};
}

MainSettings settings_of(const std::string& text, const std::map<std::string, std::string>& variables = {}) {
    auto built = build(text, variables);
    EXPECT_TRUE(built.settings) << text;
    return built.settings.value_or(MainSettings{});
}

using Variables = std::vector<std::string>;

TEST(ProcessDirectives, LimitsAreNotSetUnlessAsked) {
    const auto nothing = settings_of("");
    EXPECT_FALSE(nothing.worker_rlimit_nofile || nothing.worker_rlimit_core || nothing.worker_cpu_affinity_auto);
    EXPECT_EQ(nothing.worker_priority, 0);
    EXPECT_EQ(nothing.worker_shutdown_timeout.count(), 0);
    const auto all = settings_of(
        "worker_rlimit_nofile 0; worker_rlimit_core 3g; working_directory /var/x; worker_priority -7; worker_shutdown_timeout 1m30s;");
    EXPECT_EQ(all.worker_rlimit_nofile, 0U);
    EXPECT_EQ(all.worker_rlimit_core, std::uint64_t{3} << 30U);
    EXPECT_EQ(all.working_directory, "/var/x");
    EXPECT_EQ(all.worker_priority, -7);
    EXPECT_EQ(all.worker_shutdown_timeout.count(), 90'000);
}

TEST(ProcessDirectives, PrioritiesHaveSigns) {
    const std::pair<const char*, int> cases[] = {{"5", 5}, {"+5", 5}, {"-20", -20}, {"0", 0}, {"9999999999", 20}, {"-99", -20}};
    for (const auto& [text, expected] : cases) {
        EXPECT_EQ(settings_of("worker_priority " + std::string{text} + ";").worker_priority, expected) << text;
    }
}

TEST(ProcessDirectives, MasksAreBinaryWithTheFirstProcessorLast) {
    const auto masks = settings_of("worker_processes 3; worker_cpu_affinity 0001 \"10 10\" 0;").worker_cpu_affinity;
    ASSERT_EQ(masks.size(), 3U);
    EXPECT_EQ(masks[0].to_ulong(), 0b0001U);
    EXPECT_EQ(masks[1].to_ulong(), 0b1010U);
    EXPECT_TRUE(masks[2].none());

    const auto automatic = settings_of("worker_cpu_affinity auto;");
    EXPECT_TRUE(automatic.worker_cpu_affinity_auto);
    EXPECT_TRUE(automatic.worker_cpu_affinity.empty());
    const auto limited = settings_of("worker_cpu_affinity auto 110;");
    EXPECT_TRUE(limited.worker_cpu_affinity_auto);
    ASSERT_EQ(limited.worker_cpu_affinity.size(), 1U);
    EXPECT_EQ(limited.worker_cpu_affinity[0].to_ulong(), 0b110U);
    EXPECT_TRUE(settings_of("worker_cpu_affinity " + std::string(1024, '1') + ";").worker_cpu_affinity[0].all());
}

TEST(ProcessDirectives, WarnsOfMasksThatDoNotFit) {
    EXPECT_EQ(build("worker_processes 3; worker_cpu_affinity 01 10;").warnings.size(), 1U);
    for (const char* const text : {"worker_processes 2; worker_cpu_affinity 01 10;", "worker_processes 3; worker_cpu_affinity 01;",
                                   "worker_processes 3; worker_cpu_affinity auto 11;"}) {
        EXPECT_EQ(build(text).warnings, std::vector<std::string>{}) << text;
    }
}

TEST(ProcessDirectives, WorkersGetTheVariablesThatAreNamed) {
    const std::map<std::string, std::string> outside = {{"KEPT", "here"}, {"EMPTY", ""}, {"OTHER", "x"}};
    EXPECT_EQ(settings_of("", outside).environment, Variables{});
    EXPECT_EQ(settings_of("env KEPT; env EMPTY; env MISSING; env SET=a=b; env NOTHING=;", outside).environment,
              (Variables{"KEPT=here", "EMPTY=", "SET=a=b", "NOTHING="}));
    EXPECT_EQ(settings_of("env A=1; env A=2; env KEPT=mine; env KEPT; env KEP=x;", outside).environment,
              (Variables{"A=1", "KEPT=mine", "KEP=x"}));
}

TEST(ProcessDirectives, TheTimeZoneStaysUnlessItIsSet) {
    const std::map<std::string, std::string> outside = {{"TZ", "Asia/Tokyo"}};
    EXPECT_EQ(settings_of("", outside).environment, (Variables{"TZ=Asia/Tokyo"}));
    EXPECT_EQ(settings_of("env TZ; env A=1;", outside).environment, (Variables{"TZ=Asia/Tokyo", "A=1"}));
    EXPECT_EQ(settings_of("env TZ=UTC;", outside).environment, (Variables{"TZ=UTC"}));
    EXPECT_EQ(settings_of("env TZX=UTC;", outside).environment, (Variables{"TZX=UTC", "TZ=Asia/Tokyo"}));
}

TEST(ProcessDirectives, ComplainsInNginxsWords) {
    const std::pair<const char*, const char*> cases[] = {
        {"worker_rlimit_nofile -1;", "\"worker_rlimit_nofile\" directive invalid number"},
        {"worker_rlimit_nofile 10k;", "\"worker_rlimit_nofile\" directive invalid number"},
        {"worker_rlimit_core unlimited;", "\"worker_rlimit_core\" directive invalid value"},
        {"worker_priority --5;", "\"worker_priority\" directive invalid number"},
        {"worker_priority -;", "\"worker_priority\" directive invalid number"},
        {"worker_priority 99999999999999999999;", "\"worker_priority\" directive invalid number"},
        {"worker_cpu_affinity 012;", "invalid character \"2\" in \"worker_cpu_affinity\""},
        {"worker_cpu_affinity 01 auto;", "invalid character \"o\" in \"worker_cpu_affinity\""},
        {"worker_cpu_affinity auto 01 10;", "invalid number of arguments in \"worker_cpu_affinity\" directive"},
        {"worker_shutdown_timeout 1M;", "\"worker_shutdown_timeout\" directive invalid value"},
        {"worker_shutdown_timeout 1s; worker_shutdown_timeout 1s;", "\"worker_shutdown_timeout\" directive is duplicate"},
        {"env A B;", "invalid number of arguments in \"env\" directive"},
        {"env =x;", "\"env\" directive invalid value"},
    };
    for (const auto& [text, expected] : cases) {
        const auto built = build(text);
        ASSERT_FALSE(built.settings) << text;
        EXPECT_EQ(built.settings.error().message, expected) << text;
    }
    const auto built = build("worker_cpu_affinity " + std::string(1025, '1') + ";");
    ASSERT_FALSE(built.settings);
    EXPECT_EQ(built.settings.error().message, "\"worker_cpu_affinity\" supports up to 1024 CPUs only");
}

}  // namespace
}  // namespace webserv::server
