// server/output_directives.cpp: directives about how content leaves: portions, buffers, resets.
// Some of nginx's have nothing to do here; they are taken, with a warning that says so.
#include <fmt/format.h>

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

constexpr std::uint64_t output_bytes_max = 256U << 20U;  // of one response, in memory

Checked<> apply_output_buffers(Scope& scope, const Statement& statement) {
    const auto count = config::parse_number(statement.words[0].text);
    const auto size = config::parse_size(statement.words[1].text);
    if (!count || *count < 1) return complain("\"output_buffers\" directive invalid value", statement.words[0].place);
    if (!size || *size < 1 || *size > output_bytes_max / static_cast<std::uint64_t>(*count)) {
        return complain("\"output_buffers\" directive invalid value", statement.words[1].place);
    }
    auto& core = scope.settings.own<CoreSettings>();
    core.output_buffer_count = static_cast<std::uint64_t>(*count);
    core.output_buffer_size = *size;
    return {};
}

Checked<> has_no_effect(Scope& scope, const Statement& statement, std::string_view why) {
    builder(scope).warn(fmt::format("\"{}\" changes nothing here: {}", statement.name.text, why), statement.name.place);
    return {};
}

Checked<> refuse_value(const Statement& statement) {
    return complain(fmt::format("\"{}\" directive invalid value", statement.name.text), statement.words.front().place);
}

Checked<> apply_postpone_output(Scope& scope, const Statement& statement) {
    if (!config::parse_size(statement.words.front().text)) return refuse_value(statement);
    return has_no_effect(scope, statement, "a head waits for the first content, and each piece leaves at once");
}

Checked<> apply_read_ahead(Scope& scope, const Statement& statement) {
    if (!config::parse_size(statement.words.front().text)) return refuse_value(statement);
    return has_no_effect(scope, statement, "the kernel reads ahead by itself");
}

Checked<> apply_send_lowat(Scope& scope, const Statement& statement) {
    if (!config::parse_size(statement.words.front().text)) return refuse_value(statement);
    return has_no_effect(scope, statement, "Linux does not know it");
}

constexpr Directive directives[] = {
    {.name = "sendfile_max_chunk",
     .contexts = everywhere,
     .syntax = "size",
     .fallback = "2m",
     .apply = config::store_size<&CoreSettings::sendfile_max_chunk>,
     .doc = "How much one response may send before others have their turn, so that a fast client does not hold the worker; also the most "
            "that one sendfile(2) is asked for. 0: no limit."},
    {.name = "output_buffers",
     .contexts = everywhere,
     .takes = arity::two,
     .syntax = "number size",
     .fallback = "2 32k",
     .apply = apply_output_buffers,
     .doc = "How much of a file is read at a time where it is not sent by sendfile(2): `number` times `size`."},
    {.name = "reset_timedout_connection",
     .contexts = everywhere,
     .takes = arity::flag,
     .fallback = "off",
     .apply = config::store_flag<&CoreSettings::reset_timedout_connection>,
     .doc = "Whether a connection whose client has taken too long to send its head or to take its response, or that `return 444` ends, is "
            "reset, so that the kernel forgets at once what it still had to send. Idle connections end as ever."},
    {.name = "postpone_output",
     .contexts = everywhere,
     .syntax = "size",
     .fallback = "1460",
     .apply = apply_postpone_output,
     .doc = "Changes nothing here, and a warning says so: a head waits for the first content, and each piece leaves at once."},
    {.name = "read_ahead",
     .contexts = everywhere,
     .syntax = "size",
     .fallback = "0",
     .apply = apply_read_ahead,
     .doc = "Changes nothing here, and a warning says so: the kernel reads ahead by itself. In nginx it has no effect on Linux either."},
    {.name = "send_lowat",
     .contexts = everywhere,
     .syntax = "size",
     .fallback = "0",
     .apply = apply_send_lowat,
     .doc = "Changes nothing here, and a warning says so: Linux has no such option that could be set. In nginx it has no effect either."},
};

}  // namespace

constexpr Module output_module{.name = "output", .directives = directives, .variables = {}, .handlers = {}, .filters = {}};

}  // namespace webserv::server
