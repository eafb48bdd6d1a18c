// server/core_directives.cpp: directives that make servers and locations, name files and types, and answer errors.
// Blocks are handed to the SiteBuilder, which makes their scopes.
#include <fmt/format.h>

#include "base/text.hpp"
#include "config/values.hpp"
#include "http/status.hpp"
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

Checked<> apply_http(Scope& scope, const Statement& statement) { return builder(scope).add_http(scope, statement); }
Checked<> apply_server(Scope& scope, const Statement& statement) { return builder(scope).add_server(scope, statement); }
Checked<> apply_location(Scope& scope, const Statement& statement) { return builder(scope).add_location(scope, statement); }
Checked<> apply_limit_except(Scope& scope, const Statement& statement) { return builder(scope).add_limit_except(scope, statement); }
Checked<> apply_listen(Scope& scope, const Statement& statement) { return builder(scope).add_listen(statement); }
Checked<> apply_server_name(Scope& scope, const Statement& statement) { return builder(scope).add_server_names(statement); }

// The words of a path, made absolute unless it begins with a variable.
Checked<config::Expression> compile_path(Scope& scope, const config::Word& word) {
    config::Word path = word;
    if (!path.text.starts_with('$')) path.text = builder(scope).absolute(path.text);
    return builder(scope).compile(path, scope);
}

// root and alias are one slot: a level may fill it once.
Checked<> fill_root(CoreSettings& core, const Statement& statement) {
    if (!std::exchange(core.root_is_own, true)) return {};
    return complain(fmt::format("\"{}\" directive is duplicate, \"{}\" directive was specified earlier", statement.name.text,
                                core.root_is_alias ? "alias" : "root"),
                    statement.name.place);
}

// What is made of the root can not be a part of it.
Checked<> check_no_circle(const Statement& statement) {
    const config::Word& word = statement.words.front();
    for (const std::string_view variable : {"document_root", "realpath_root", "request_filename"}) {
        for (const std::string& name : {fmt::format("${}", variable), fmt::format("${{{}}}", variable)}) {
            if (word.text.find(name) == word.text.npos) continue;
            return complain(fmt::format("the {} variable cannot be used in the \"{}\" directive", name, statement.name.text), word.place);
        }
    }
    return {};
}

Checked<> apply_root(Scope& scope, const Statement& statement) {
    auto& core = scope.settings.own<CoreSettings>();
    if (auto filled = fill_root(core, statement); !filled) return filled;
    const config::Word& word = statement.words.front();
    if (auto checked = check_no_circle(statement); !checked) return checked;
    auto path = compile_path(scope, word);
    if (!path) return std::unexpected{path.error()};
    std::string text = path->text();
    const bool trailing_slash = path->is_literal() && text.size() > 1 && text.ends_with('/');
    if (trailing_slash) text.pop_back();  // the URI brings one
    core.root = trailing_slash ? config::Expression::literal(text) : std::move(*path);
    if (core.root.is_literal() && core.root.text() == "/") core.root = {};
    core.root_is_alias = false;
    core.alias_cut = 0;
    return {};
}

Checked<> apply_alias(Scope& scope, const Statement& statement) {
    auto& core = scope.settings.own<CoreSettings>();
    if (auto filled = fill_root(core, statement); !filled) return filled;
    const Location& location = *builder(scope).current_location();
    if (location.kind == Location::Kind::named) {
        return complain("the \"alias\" directive cannot be used inside the named location", statement.name.place);
    }
    if (auto checked = check_no_circle(statement); !checked) return checked;
    const config::Word& word = statement.words.front();
    auto path = compile_path(scope, word);
    if (!path) return std::unexpected{path.error()};
    core.root = std::move(*path);
    core.root_is_alias = true;
    const bool is_regex = location.kind == Location::Kind::regex;
    core.alias_cut = is_regex ? CoreSettings::whole_name : location.name.size();
    if (!is_regex && location.kind != Location::Kind::exact && !location.name.ends_with('/') && word.text.ends_with('/')) {
        builder(scope).warn(
            fmt::format("location \"{}\" has no trailing slash but its alias \"{}\" has: a request for \"{}../\" would leave it "
                        "(such requests are refused)",
                        location.name, word.text, location.name),
            statement.name.place);
    }
    return {};
}

// nginx takes any word, and looks for a location of that name whenever it does not begin with '/': also for "off".
Checked<> apply_post_action(Scope& scope, const Statement& statement) {
    const config::Word& word = statement.words.front();
    const bool off = word.text.empty() || word.text == "off";
    if (!off && !word.text.starts_with('/') && !word.text.starts_with('@')) {
        return complain(fmt::format("invalid value \"{}\" in \"post_action\" directive", word.text), word.place,
                        "it must be a path that begins with /, a named location, or off");
    }
    scope.settings.own<CoreSettings>().post_action = off ? std::string{} : word.text;
    return {};
}

Checked<> apply_internal(Scope& scope, const Statement&) {
    scope.settings.own<CoreSettings>().internal = true;
    return {};
}

Checked<> apply_types(Scope& scope, const Statement& statement) {
    auto& core = scope.settings.own<CoreSettings>();
    // A second block of the same level adds to the first.
    auto types = core.types_are_own ? std::make_shared<TypeMap>(*core.types) : std::make_shared<TypeMap>();
    for (const Statement& entry : statement.block) {
        if (entry.has_block) return complain(fmt::format("unexpected \"{{\" in types"), entry.name.place);
        for (const config::Word& extension : entry.words) {
            const auto [known, added] = types->emplace(text::lower(extension.text), entry.name.text);
            if (added) continue;
            builder(scope).warn(fmt::format("duplicate extension \"{}\", content type: \"{}\", previous content type: \"{}\"",
                                            extension.text, entry.name.text, known->second),
                                extension.place);
            known->second = entry.name.text;
        }
    }
    core.types = std::move(types);
    core.types_are_own = true;
    return {};
}

Checked<> apply_default_type(Scope& scope, const Statement& statement) {
    auto type = builder(scope).compile(statement.words.front(), scope);
    if (!type) return std::unexpected{type.error()};
    scope.settings.own<CoreSettings>().default_type = std::move(*type);
    return {};
}

// "=", "=200": what replaces the status. Nothing: the word is a status or the page.
Checked<> parse_new_status(const config::Word& word, ErrorPage& page) {
    page.overrides = true;
    if (word.text == "=") return {};
    const auto number = config::parse_number(std::string_view{word.text}.substr(1));
    if (!number) return complain(fmt::format("invalid value \"{}\"", word.text), word.place);
    page.new_status = static_cast<int>(*number);
    return {};
}

// Numbers that nginx has made up: clients see a plain 400.
constexpr bool is_nginx_own(int status) { return status >= 494 && status <= 497; }

Checked<> apply_error_page(Scope& scope, const Statement& statement) {
    const auto& words = statement.words;
    std::size_t status_count = words.size() - 1;
    ErrorPage page;
    if (const config::Word& word = words[words.size() - 2]; word.text.starts_with('=')) {
        if (status_count == 1) return complain("invalid number of arguments in \"error_page\" directive", statement.name.place);
        if (auto parsed = parse_new_status(word, page); !parsed) return parsed;
        --status_count;
    }
    auto target = builder(scope).compile(words.back(), scope);
    if (!target) return std::unexpected{target.error()};
    page.target = std::move(*target);
    auto& core = scope.settings.own<CoreSettings>();
    for (std::size_t i = 0; i < status_count; ++i) {
        const auto number = config::parse_number(words[i].text);
        if (!number || *number == 499 || *number < 300 || *number > 599) {
            return complain(number ? fmt::format("value \"{}\" must be between 300 and 599", words[i].text)
                                   : fmt::format("invalid value \"{}\"", words[i].text),
                            words[i].place);
        }
        ErrorPage added = page;
        added.status = static_cast<int>(*number);
        if (!page.overrides && is_nginx_own(added.status)) {
            added.overrides = true;
            added.new_status = 400;
        }
        core.error_pages.add(added);
    }
    return {};
}

constexpr config::Choice<Satisfy> satisfy_choices[] = {{"all", Satisfy::all}, {"any", Satisfy::any}};
constexpr config::Choice<Tokens> tokens_choices[] = {{"on", Tokens::on}, {"off", Tokens::off}, {"build", Tokens::build}};

constexpr Directive directives[] = {
    {.name = "http",
     .contexts = context::main,
     .takes = arity::block,
     .apply = apply_http,
     .doc = "The configuration of the HTTP server.",
     .repeatable = true},
    {.name = "server",
     .contexts = context::http,
     .takes = arity::block,
     .apply = apply_server,
     .doc = "A virtual server: chosen by the address a request came to and by the host it asks for.",
     .repeatable = true},
    {.name = "location",
     .contexts = context::server | context::location,
     .takes = arity::block_with(1, 2),
     .syntax = "[= | ~ | ~* | ^~] uri | @name",
     .apply = apply_location,
     .doc = "What holds for requests whose decoded path fits. `=`: this path only. No modifier: this prefix. `^~`: this prefix, and no "
            "regexes "
            "are tried if it is the longest. `~` and `~*`: a regex, the latter ignoring case. `@name`: for internal redirects only. "
            "An exact match ends the search; else the first regex that matches wins over the longest prefix. Locations may be nested.",
     .repeatable = true},
    {.name = "listen",
     .contexts = context::server,
     .takes = arity::one_or_more,
     .syntax = "address[:port] | port | unix:path [default_server] [bind] [reuseport] [ipv6only=on|off] [backlog=number] [rcvbuf=size] "
               "[sndbuf=size] [deferred] [fastopen=number] [so_keepalive=on|off|[idle]:[interval]:[count]] [multipath] [proxy_protocol]",
     .fallback = "*:80 (root) or *:8000",
     .apply = apply_listen,
     .doc =
         "Where the server is reached. A port may be several (`8000-8010`). IPv6 addresses stand in brackets; `unix:@name` is an abstract "
         "local address. Socket options may be "
         "given once for an address: `backlog` connections may wait to be accepted; `rcvbuf` and `sndbuf` are the connections' buffers; "
         "with "
         "`deferred` a connection waits for its first octets in the kernel; `fastopen` lets them come with the handshake; `so_keepalive` "
         "probes idle connections; `multipath` is Multipath TCP. With `proxy_protocol` each connection begins with a header of the PROXY "
         "protocol, version 1 or 2, that says who the client is: one without is closed.",
     .repeatable = true},
    {.name = "server_name",
     .contexts = context::server,
     .takes = arity::one_or_more,
     .syntax = "name ...",
     .fallback = "\"\"",
     .apply = apply_server_name,
     .doc =
         "The server's names: exact, with a wildcard at either end (`*.example.org`, `www.example.*`), `.example.org` for both, or a regex "
         "after `~`, whose captures become variables. `\"\"` is a request without a host.",
     .repeatable = true},
    {.name = "root",
     .contexts = everywhere,
     .syntax = "path",
     .fallback = "html",
     .apply = apply_root,
     .doc = "The folder that paths are looked up in: the file is root and path, joined. May hold variables. Relative to the prefix."},
    {.name = "alias",
     .contexts = context::location,
     .syntax = "path",
     .apply = apply_alias,
     .doc = "Replaces the location's name in the path: with `location /i/ { alias /data/; }`, `/i/x` is the file `/data/x`. In a regex "
            "location "
            "it is the whole file name. A request that would leave the alias by `..` is answered with 404."},
    {.name = "internal",
     .contexts = context::location,
     .takes = arity::none,
     .apply = apply_internal,
     .doc = "Only internal redirects (`error_page`, `index`) reach this location; requests from outside get 404."},
    {.name = "types",
     .contexts = everywhere,
     .takes = arity::block,
     .syntax = "",
     .fallback = "text/html html; image/gif gif; image/jpeg jpg;",
     .apply = apply_types,
     .doc = "Content types by file name extension, ignoring case: `type extension ...;`. Replaces the outer level's map.",
     .repeatable = true},
    {.name = "default_type",
     .contexts = everywhere,
     .syntax = "type",
     .fallback = "text/plain",
     .apply = apply_default_type,
     .doc = "The content type of what `types` does not know. May hold variables."},
    {.name = "error_page",
     .contexts = everywhere,
     .takes = arity::two_or_more,
     .syntax = "code ... [=[code]] uri",
     .apply = apply_error_page,
     .doc = "What answers an error: a path (an internal redirect, by GET), a named location, or a URL (a redirect). The error's code stays "
            "unless "
            "`=code` replaces it; `=` alone takes the code of the page. Inherited only where a level has none of its own.",
     .repeatable = true},
    {.name = "post_action",
     .contexts = everywhere,
     .syntax = "uri | @name | off",
     .fallback = "off",
     .apply = apply_post_action,
     .doc =
         "Once the answer has left, the request goes to this path (as it stands: without variables and arguments) or named location, and "
         "what is answered there is thrown away. The request is logged there, with the status of that answer unless the first was an "
         "error or a redirect, and with the octets of the first. It is tried whatever the first answer was, also where the client has "
         "gone; not where the connection was closed without one (`return 444`). The connection's next request waits for it.\n\n"
         "It is inherited, also by the location that it leads to: say `off` there, or it runs again, up to ten times."},
    {.name = "recursive_error_pages",
     .contexts = everywhere,
     .takes = arity::flag,
     .fallback = "off",
     .apply = config::store_flag<&CoreSettings::recursive_error_pages>,
     .doc = "Whether an `error_page` may lead to another one. If not, the first is the last."},
    {.name = "absolute_redirect",
     .contexts = everywhere,
     .takes = arity::flag,
     .fallback = "on",
     .apply = config::store_flag<&CoreSettings::absolute_redirect>,
     .doc = "Whether redirects to a path of this server name it in full: `http://host:port/path`. Off: the path alone."},
    {.name = "server_name_in_redirect",
     .contexts = everywhere,
     .takes = arity::flag,
     .fallback = "off",
     .apply = config::store_flag<&CoreSettings::server_name_in_redirect>,
     .doc = "Whether redirects name the server by the first of its `server_name`s, rather than as the client did."},
    {.name = "port_in_redirect",
     .contexts = everywhere,
     .takes = arity::flag,
     .fallback = "on",
     .apply = config::store_flag<&CoreSettings::port_in_redirect>,
     .doc = "Whether redirects name the port that was connected to, if it is not the scheme's own."},
    {.name = "satisfy",
     .contexts = everywhere,
     .syntax = "all | any",
     .fallback = "all",
     .apply = config::store_choice<&CoreSettings::satisfy, satisfy_choices>,
     .doc = "Whether an exchange has to be let in by all that control access (`allow` and `deny`, credentials ...), or by any one of them. "
            "If none lets it in, 401 is answered rather than 403."},
    {.name = "auth_delay",
     .contexts = everywhere,
     .syntax = "time",
     .fallback = "0s",
     .apply = config::store_milliseconds<&CoreSettings::auth_delay>,
     .doc = "How long an exchange waits that access control answers with 401: whoever tries passwords learns nothing from the time it "
            "takes, and gets fewer tries."},
    {.name = "limit_except",
     .contexts = context::location,
     .takes = arity::block_with(1, arity::unbounded),
     .syntax = "method ...",
     .apply = apply_limit_except,
     .doc = "What holds for all methods but those named, in place of what the location says: mostly `deny all`. GET includes HEAD. "
            "The location's `return` does not hold for them."},
    {.name = "server_tokens",
     .contexts = everywhere,
     .syntax = "on | off | build",
     .fallback = "on",
     .apply = config::store_choice<&CoreSettings::server_tokens, tokens_choices>,
     .doc = "Whether the version stands in the Server field and on error pages. `build` is the same as `on`."},
};

}  // namespace

constexpr Module core_module{.name = "core", .directives = directives, .variables = {}, .handlers = {}, .filters = {}};

}  // namespace webserv::server
