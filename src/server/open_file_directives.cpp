// server/open_file_directives.cpp: open_file_cache.
// nginx keeps files open if it is told to, and may then serve an old one; here they are kept and never old, so little is left to say.
#include <fmt/format.h>

#include "config/values.hpp"
#include "server/core_modules.hpp"
#include "server/find_file.hpp"
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

Checked<> apply_open_file_cache(Scope& scope, const Statement& statement) {
    auto& settings = scope.settings.own<OpenFileSettings>();
    settings.keeps = true;
    bool has_max = false;
    for (const config::Word& word : statement.words) {
        const std::string_view text = word.text;
        if (text == "off") {  // wins over other parameters, as in nginx
            settings.keeps = false;
            continue;
        }
        const bool is_max = text.starts_with("max=") && config::parse_number(text.substr(4)).value_or(0) > 0;
        const bool is_inactive = text.starts_with("inactive=") && config::parse_seconds(text.substr(9));
        if (!is_max && !is_inactive) return complain(fmt::format("invalid \"open_file_cache\" parameter \"{}\"", text), word.place);
        has_max |= is_max;
    }
    if (!settings.keeps) return {};
    if (!has_max) return complain("\"open_file_cache\" must have the \"max\" parameter", statement.name.place);
    note_no_effect(scope, statement, "files that are asked for are kept open in any case, and none is older than on the disk");
    return {};
}

constexpr Directive directives[] = {
    {.name = "open_file_cache",
     .contexts = everywhere,
     .takes = arity::between(1, 2),
     .syntax = "off | max=number [inactive=time]",
     .apply = apply_open_file_cache,
     .doc = "`off`: each request opens its file and closes it. Otherwise files that are asked for are kept open, as many as are good for a "
            "worker, and none is ever served older than it is on the disk; `max` and `inactive` change nothing about that, and a notice "
            "in the log says so."},
};

}  // namespace

constexpr Module open_file_module{.name = "open_files", .directives = directives, .variables = {}, .handlers = {}, .filters = {}};

}  // namespace webserv::server
