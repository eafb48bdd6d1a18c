// server/file_reading_directives.cpp: directives about reading files that may lie on slow disks: threads, and reading past the page cache.
// What they say is done by io/file_reading.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <optional>
#include <span>

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

constexpr config::Contexts everywhere = context::http | context::server | context::location;

constexpr std::int64_t threads_max = 1024;          // of one pool: each has a stack of its own
constexpr std::uint64_t alignment_max = 1U << 20U;  // more than any device asks for
constexpr std::string_view default_pool_name = "default";

Checked<> apply_thread_pool(Scope& scope, const Statement& statement) {
    auto& pools = scope.settings.own<MainSettings>().thread_pools;
    ThreadPoolSettings pool{.name = statement.words.front().text, .threads = 0};
    const auto same_name = [&](const ThreadPoolSettings& other) { return other.name == pool.name; };
    if (std::any_of(pools.begin(), pools.end(), same_name)) {
        return complain(fmt::format("duplicate thread pool \"{}\"", pool.name), statement.words.front().place);
    }
    for (const config::Word& word : std::span{statement.words}.subspan(1)) {
        const std::string_view text = word.text;
        const auto number = config::parse_number(text.substr(std::min(text.find('=') + 1, text.size())));
        if (text.starts_with("threads=")) {
            if (!number || *number < 1 || *number > threads_max)
                return complain(fmt::format("invalid threads value \"{}\"", text), word.place);
            pool.threads = static_cast<std::size_t>(*number);
        } else if (text.starts_with("max_queue=")) {
            if (!number) return complain(fmt::format("invalid max_queue value \"{}\"", text), word.place);
            pool.max_queue = static_cast<std::size_t>(*number);
        } else {
            return complain(fmt::format("invalid parameter \"{}\"", text), word.place);
        }
    }
    if (pool.threads == 0) return complain("\"thread_pool\" must have \"threads\" parameter", statement.name.place);
    pools.push_back(std::move(pool));
    return {};
}

Checked<> apply_aio(Scope& scope, const Statement& statement) {
    const config::Word& word = statement.words.front();
    const std::string_view text = word.text;
    auto& settings = scope.settings.own<FileReadingSettings>();
    settings.threads = text != "off";
    settings.pool = config::Expression::literal(std::string{default_pool_name});
    if (text == "on" || text == "off" || text == "threads") return {};
    constexpr std::string_view with_pool = "threads=";
    if (!text.starts_with(with_pool) || text.size() == with_pool.size())
        return complain(fmt::format("invalid value \"{}\"", text), word.place);

    const config::Word name{.text = word.text.substr(with_pool.size()), .place = word.place};
    auto pool = builder(scope).compile(name, scope);
    if (!pool) return std::unexpected{pool.error()};
    const auto& pools = builder(scope).site().process().thread_pools;
    const auto has_name = [&](const ThreadPoolSettings& other) { return other.name == name.text; };
    if (pool->is_literal() && name.text != default_pool_name && std::none_of(pools.begin(), pools.end(), has_name)) {
        return complain(fmt::format("unknown thread pool \"{}\"", name.text), word.place, "thread_pool in the main context makes one");
    }
    settings.pool = std::move(*pool);
    return {};
}

Checked<> apply_directio(Scope& scope, const Statement& statement) {
    const config::Word& word = statement.words.front();
    auto& settings = scope.settings.own<FileReadingSettings>();
    settings.directio.reset();
    if (word.text == "off") return {};
    const auto size = config::parse_offset(word.text);
    if (!size) return complain("\"directio\" directive invalid value", word.place);
    settings.directio = size;
    return {};
}

Checked<> apply_directio_alignment(Scope& scope, const Statement& statement) {
    const config::Word& word = statement.words.front();
    const auto size = config::parse_offset(word.text);
    if (!size || !std::has_single_bit(*size) || *size > alignment_max) {
        return complain("\"directio_alignment\" directive invalid value", word.place, "a power of two, at most 1m");
    }
    scope.settings.own<FileReadingSettings>().directio_alignment = *size;
    return {};
}

Checked<> apply_disable_symlinks(Scope& scope, const Statement& statement) {
    std::optional<sys::SymlinkRule> rule;
    std::optional<config::Expression> from;
    const auto& words = statement.words;
    for (const config::Word& word : words) {
        const bool is_from = word.text.starts_with("from=") && word.text.size() > 5;
        const bool is_rule = word.text == "off" || word.text == "on" || word.text == "if_not_owner";
        if (!is_from && !is_rule) return complain(fmt::format("invalid parameter \"{}\"", word.text), word.place);
        if (is_from ? from.has_value() : rule.has_value()) {
            return complain(fmt::format("duplicate parameters \"{} {}\"", words[0].text, words[1].text), word.place);
        }
        if (is_rule) {
            rule = word.text == "off"  ? sys::SymlinkRule::follow
                   : word.text == "on" ? sys::SymlinkRule::refuse
                                       : sys::SymlinkRule::same_owner;
            continue;
        }
        auto compiled = builder(scope).compile({.text = word.text.substr(5), .place = word.place}, scope);
        if (!compiled) return std::unexpected{compiled.error()};
        from = std::move(*compiled);
    }
    if (!rule) return complain("\"disable_symlinks\" must have \"off\", \"on\" or \"if_not_owner\" parameter", statement.name.place);
    if (from && *rule == sys::SymlinkRule::follow) {
        return complain("\"from=\" cannot be used with \"off\" parameter", statement.name.place);
    }
    auto& settings = scope.settings.own<FileReadingSettings>();
    settings.symlinks = *rule;
    settings.symlinks_from = from ? std::move(*from) : config::Expression{};
    return {};
}

constexpr Directive directives[] = {
    {.name = "thread_pool",
     .contexts = context::main,
     .takes = arity::between(2, 3),
     .syntax = "name threads=number [max_queue=number]",
     .fallback = "default threads=32 max_queue=65536",
     .apply = apply_thread_pool,
     .doc = "Threads of each worker that read files, for `aio threads=name`. They are started when there is work for them. If all are busy "
            "and `max_queue` reads wait, a further one fails, and its response with it.",
     .repeatable = true},
    {.name = "aio",
     .contexts = everywhere,
     .syntax = "on | off | threads[=pool]",
     .fallback = "off",
     .apply = apply_aio,
     .doc =
         "Whether files that have to be read from a disk are read by threads, so that nobody else's request waits meanwhile. What the "
         "page cache has is sent at once, without a thread. `on` is the same as `threads`. The name of the pool may hold variables. Small "
         "files, which leave together with the head, are read as ever."},
    {.name = "directio",
     .contexts = everywhere,
     .syntax = "size | off",
     .fallback = "off",
     .apply = apply_directio,
     .doc = "Files from this size on are read past the page cache (O_DIRECT), so that they do not drive others out of it; never by "
            "sendfile(2). Together with `aio threads`, or the worker waits for the disk. Small files, which leave together with the head, "
            "are read as ever; so are those on a file system that has no such reading, which the log tells."},
    {.name = "directio_alignment",
     .contexts = everywhere,
     .syntax = "size",
     .fallback = "512",
     .apply = apply_directio_alignment,
     .doc = "The alignment that `directio` reads with: that of the file system's blocks, where it minds (4k for XFS). A power of two."},
    {.name = "disable_symlinks",
     .contexts = everywhere,
     .takes = arity::between(1, 2),
     .syntax = "off | on | if_not_owner [from=part]",
     .fallback = "off",
     .apply = apply_disable_symlinks,
     .doc =
         "Whether a file is found through symbolic links. `on`: not if any name of its path is a link. `if_not_owner`: not if a link and "
         "what it names belong to different users. With `from=`, such as `from=$document_root`, the links of that part of the path are "
         "followed. A link at the end of the path is answered with 403, one before it with 404 (`on`) or 403. Each request then opens its "
         "file folder by folder, and small files are not kept in memory."},
};

}  // namespace

constexpr Module file_reading_module{.name = "file_reading", .directives = directives, .variables = {}, .handlers = {}, .filters = {}};

}  // namespace webserv::server
