// server/output_directives.cpp: directives about how content leaves: portions, buffers, resets.
// Fairness is the reason for the first: one fast client must not hold the worker.
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
};

}  // namespace

constexpr Module output_module{.name = "output", .directives = directives, .variables = {}, .handlers = {}, .filters = {}};

}  // namespace webserv::server
