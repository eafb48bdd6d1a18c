// server/process_directives.cpp: directives about the worker processes themselves: limits, processors, priority, environment.
// What they say is applied by a worker right after it has been forked.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "config/values.hpp"
#include "server/core_modules.hpp"
#include "server/site_builder.hpp"

namespace webserv::server {
namespace {

using config::Checked;
using config::complain;
using config::Directive;
using config::Scope;
using config::Statement;
namespace arity = config::arity;
namespace context = config::context;

bool sets(const std::string& variable, std::string_view name) { return variable.starts_with(name) && variable[name.size()] == '='; }

/// Keeps the first of a name, which is the one that getenv(3) finds in nginx.
void add_variable(MainSettings& settings, std::string_view name, std::string_view value) {
    auto& variables = settings.environment;
    if (std::any_of(variables.begin(), variables.end(), [&](const std::string& other) { return sets(other, name); })) return;
    variables.push_back(fmt::format("{}={}", name, value));
}

Checked<> inherit_variable(Scope& scope, const std::string& name, const config::Place& place) {
    const auto value = builder(scope).loader().environment(name);
    if (!value) return complain(fmt::format("the environment variable \"{}\" cannot be read", name), place);
    if (*value) add_variable(scope.settings.own<MainSettings>(), name, **value);
    return {};
}

Checked<> apply_env(Scope& scope, const Statement& statement) {
    const config::Word& word = statement.words.front();
    const auto equals = word.text.find('=');
    const std::string name = word.text.substr(0, equals);
    if (name.empty()) return complain("\"env\" directive invalid value", word.place, "a variable has a name: NAME or NAME=value");
    if (equals == word.text.npos) return inherit_variable(scope, name, word.place);
    add_variable(scope.settings.own<MainSettings>(), name, std::string_view{word.text}.substr(equals + 1));
    return {};
}

Checked<> apply_worker_priority(Scope& scope, const Statement& statement) {
    const config::Word& word = statement.words.front();
    std::string_view digits = word.text;
    const bool negative = digits.starts_with('-');
    if (negative || digits.starts_with('+')) digits.remove_prefix(1);
    const auto number = config::parse_number(digits);
    if (!number) return complain("\"worker_priority\" directive invalid number", word.place, "a nice value: from -20, served first, to 19");
    constexpr std::int64_t beyond = 20;  // the kernel takes the nearest nice value it has
    const int nice_value = static_cast<int>(std::min(*number, beyond));
    scope.settings.own<MainSettings>().worker_priority = negative ? -nice_value : nice_value;
    return {};
}

/// "0101": binary digits, processor 0 last; spaces may stand between them.
Checked<sys::CpuMask> parse_mask(const config::Word& word) {
    if (word.text.size() > sys::cpus_max) {
        return complain(fmt::format("\"worker_cpu_affinity\" supports up to {} CPUs only", sys::cpus_max), word.place);
    }
    sys::CpuMask mask;
    std::size_t cpu = 0;
    for (auto digit = word.text.rbegin(); digit != word.text.rend(); ++digit) {
        if (*digit == ' ') continue;
        if (*digit != '0' && *digit != '1') {
            return complain(fmt::format("invalid character \"{}\" in \"worker_cpu_affinity\"", *digit), word.place,
                            "a mask has a 0 or 1 for each processor, the first one last");
        }
        mask.set(cpu++, *digit == '1');
    }
    return mask;
}

Checked<> apply_worker_cpu_affinity(Scope& scope, const Statement& statement) {
    auto& settings = scope.settings.own<MainSettings>();
    std::span<const config::Word> words = statement.words;
    if (words.front().text == "auto") {
        if (words.size() > 2) return complain("invalid number of arguments in \"worker_cpu_affinity\" directive", statement.name.place);
        settings.worker_cpu_affinity_auto = true;
        words = words.subspan(1);
    }
    for (const config::Word& word : words) {
        const auto mask = parse_mask(word);
        if (!mask) return std::unexpected{mask.error()};
        settings.worker_cpu_affinity.push_back(*mask);
    }
    return {};
}

constexpr Directive directives[] = {
    {.name = "worker_rlimit_nofile",
     .contexts = context::main,
     .syntax = "number",
     .apply = config::store_number<&MainSettings::worker_rlimit_nofile, 0, std::numeric_limits<std::int64_t>::max()>,
     .doc = "How many descriptors a worker may have open (`RLIMIT_NOFILE`). Without it the limit is raised, as far as it may be, to what "
            "`worker_connections` needs."},
    {.name = "worker_rlimit_core",
     .contexts = context::main,
     .syntax = "size",
     .apply = config::store_offset<&MainSettings::worker_rlimit_core>,
     .doc = "How large a core file of a worker may become (`RLIMIT_CORE`). Also lets a worker that has given up root leave one; "
            "`working_directory` says where. Other processes of the same user can then attach to the worker."},
    {.name = "working_directory",
     .contexts = context::main,
     .syntax = "directory",
     .apply = config::store_text<&MainSettings::working_directory>,
     .doc = "Where workers work, and so where the kernel leaves core files. The workers' user has to be able to write there."},
    {.name = "worker_priority",
     .contexts = context::main,
     .syntax = "number",
     .fallback = "0",
     .apply = apply_worker_priority,
     .doc = "The nice value of workers: from -20, which is served first, to 19. 0 leaves it as it is."},
    {.name = "worker_cpu_affinity",
     .contexts = context::main,
     .takes = arity::one_or_more,
     .syntax = "mask ... | auto [mask]",
     .apply = apply_worker_cpu_affinity,
     .doc = "Binds workers to processors. Each mask, in binary digits with the first processor last, is for one worker, the last one also "
            "for all that follow. `auto` gives each worker one processor of its own, of those in the mask and allowed to the process."},
    {.name = "worker_shutdown_timeout",
     .contexts = context::main,
     .syntax = "time",
     .apply = config::store_milliseconds<&MainSettings::worker_shutdown_timeout>,
     .doc = "How long a worker that was told to finish may still take; then what is open is closed. Without it: as long as it takes."},
    {.name = "env",
     .contexts = context::main,
     .syntax = "name[=value]",
     .fallback = "TZ",
     .apply = apply_env,
     .doc = "Keeps a variable of the environment for the workers, or sets it. Workers have no others, except `TZ`. Of a name that is "
            "given twice, the first one counts.",
     .repeatable = true},
};

}  // namespace

constexpr Module process_module{.name = "process", .directives = directives, .variables = {}, .handlers = {}, .filters = {}};

void finish_process_settings(SiteBuilder& builder, MainSettings& settings) {
    if (const auto zone = builder.loader().environment("TZ"); zone && *zone) add_variable(settings, "TZ", **zone);
    const std::size_t masks = settings.worker_cpu_affinity.size();
    // `auto` processes are counted where they are started.
    if (settings.worker_processes == 0 || settings.worker_cpu_affinity_auto || masks <= 1 || masks == settings.worker_processes) return;
    builder.warn(
        "the number of \"worker_processes\" is not equal to the number of \"worker_cpu_affinity\" masks, using last mask for remaining "
        "worker processes",
        {});
}

}  // namespace webserv::server
