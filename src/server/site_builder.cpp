// server/site_builder.cpp: from the document down to the locations: scopes, names, and what each location compiles to.
// Listening addresses are linked in listen_points.cpp.
#include "server/site_builder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "config/parser.hpp"
#include "server/request_content.hpp"

namespace webserv::server {

using config::Checked;
using config::complain;
using config::Scope;
using config::Statement;

namespace {

// nginx's list.
constexpr std::string_view limitable_methods[] = {"GET",  "HEAD",    "POST",     "PUT",       "DELETE", "MKCOL",  "COPY",
                                                  "MOVE", "OPTIONS", "PROPFIND", "PROPPATCH", "LOCK",   "UNLOCK", "PATCH"};

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

std::string join_path(const std::string& folder, std::string_view path) {
    return path.starts_with('/') ? std::string{path} : folder + std::string{path};
}

std::string with_place(std::string message, const config::Place& place) {
    return place.file ? message + fmt::format(" in {}:{}", place.file->path, place.line) : message;
}

// The names of (?<name>...), (?P<name>...) and (?'name'...) groups.
std::vector<std::string> group_names(std::string_view pattern) {
    std::vector<std::string> names;
    for (std::size_t at = pattern.find("(?"); at != pattern.npos; at = pattern.find("(?", at + 2)) {
        std::string_view rest = pattern.substr(at + 2);
        if (rest.starts_with('P')) rest.remove_prefix(1);
        if (rest.empty() || (rest.front() != '<' && rest.front() != '\'')) continue;
        const char closing = rest.front() == '<' ? '>' : '\'';
        rest.remove_prefix(1);
        const std::string_view name = rest.substr(0, rest.find(closing));
        if (!name.empty() && name.front() != '=' && name.front() != '!') names.emplace_back(name);
    }
    return names;
}

template <class Captured>
void link_captures(const config::Regex& regex, VariableTable& variables, Captured& named_captures) {
    for (const auto& [name, group] : regex.names()) named_captures.emplace_back(variables.declare(name), group);
}

// Where a value refers to the request's content, it is read before any handler can ask for the value.
void read_content_first(std::vector<Handler>& handlers, const config::SettingsTable& settings) {
    if (!settings.get<CoreSettings>().wants_request_content) return;
    handlers.insert(handlers.begin(),
                    Handler{.phase = Phase::post_read, .plain = nullptr, .waiting = read_request_content, .wanted = nullptr});
}

}  // namespace

std::vector<config::DirectiveGroup> directive_groups(std::span<const Module* const> modules) {
    std::vector<config::DirectiveGroup> groups;
    for (const Module* const module : modules) groups.push_back({module->name, module->directives});
    return groups;
}

SiteBuilder::SiteBuilder(const BuildOptions& options, std::span<const Module* const> modules, config::Loader& loader)
    : options_{options}, modules_{modules}, loader_{loader}, grammar_{std::make_unique<config::Grammar>(directive_groups(modules))} {}

std::string SiteBuilder::absolute(std::string_view path) const { return join_path(options_.prefix, path); }

std::string SiteBuilder::absolute_in_conf(std::string_view path) const { return join_path(folder_of(options_.conf_path), path); }

std::size_t SiteBuilder::access_log_index(const observe::LogPlace& place) {
    auto& logs = site_->access_logs;
    const auto known = std::find_if(logs.begin(), logs.end(), [&](const auto& log) { return log.place.path == place.path; });
    if (known != logs.end()) return static_cast<std::size_t>(known - logs.begin());
    logs.push_back({.place = place});
    return logs.size() - 1;
}

void SiteBuilder::warn(std::string message, const config::Place& place) { warnings_.push_back(with_place(std::move(message), place)); }

void SiteBuilder::note(std::string message, const config::Place& place) { notices_.push_back(with_place(std::move(message), place)); }

void note_no_effect(config::Scope& scope, const config::Statement& statement, std::string_view why) {
    builder(scope).note(fmt::format("\"{}\" changes nothing: {}", statement.name.text, why), statement.name.place);
}

Checked<config::Expression> SiteBuilder::compile(const config::Word& word, Scope& scope) {
    auto expression = config::Expression::compile(word, site_->variables);
    if (site_->variables.take_needs_content()) scope.settings.own<CoreSettings>().wants_request_content = true;
    return expression;
}

Checked<config::Expression> SiteBuilder::compile_early(const config::Word& word) {
    auto expression = config::Expression::compile(word, site_->variables);
    (void)site_->variables.take_needs_content();
    return expression;
}

Checked<std::unique_ptr<Site>> SiteBuilder::build() {
    site_ = std::make_unique<Site>();
    for (const Module* const module : modules_) {
        site_->variables.add(module->variables);
        if (module->accompany != nullptr) site_->companions.push_back(module->accompany);
    }

    const std::string folder = options_.conf_path.substr(0, options_.conf_path.rfind('/'));
    auto& error_logs = site_->main.own<ErrorLogSettings>();
    const std::string error_log = options_.error_log.empty() ? absolute("logs/error.log") : options_.error_log;
    auto before = config::parse_text(options_.directives, std::string{config::command_line_name}, folder, loader_);
    if (!before) return std::unexpected{before.error()};
    auto document = config::parse_file(options_.conf_path, folder, loader_);
    if (!document) return std::unexpected{document.error()};
    site_->files = document->files;

    std::vector<Statement> statements = std::move(before->statements);
    std::move(document->statements.begin(), document->statements.end(), std::back_inserter(statements));
    if (auto done = apply_document(statements, site_->main); !done) return std::unexpected{done.error()};
    if (!saw_events) return complain("no \"events\" section in configuration", {});
    auto& process = site_->main.own<MainSettings>();
    process.pid = absolute(process.pid);
    if (!process.user) {
        if (const auto nobody = loader_.user(process.user_name, {})) process.user = *nobody;
    } else if (!loader_.is_root()) {
        warn("the \"user\" directive makes sense only if the master process runs with super-user privileges, ignored", {});
    }
    finish_process_settings(*this, process);
    if (error_logs.targets.empty()) error_logs.targets.add({.place = {.path = error_log}});
    if (auto done = link_points(); !done) return std::unexpected{done.error()};
    keep_declared_session_caches();
    return std::move(site_);
}

Checked<> SiteBuilder::apply_document(std::vector<Statement>& statements, config::SettingsTable& settings) {
    if (auto done = declare_captures(statements); !done) return done;
    Scope scope{config::context::main, settings, *grammar_, this};
    return grammar_->apply(statements, scope);
}

// Named captures are variables everywhere, also above the place that makes them: so they are known before anything is compiled.
Checked<> SiteBuilder::declare_captures(const std::vector<Statement>& statements) {
    for (const Statement& statement : statements) {
        if (statement.name.text == "server_name" || statement.name.text == "location") {
            for (const config::Word& word : statement.words) {
                for (const std::string& name : group_names(word.text)) {
                    if (site_->variables.is_defined(name)) {
                        return complain(fmt::format("the duplicate \"{}\" variable", name), word.place, "the group needs another name");
                    }
                    site_->variables.declare(name);
                }
            }
        }
        if (auto done = declare_captures(statement.block); !done) return done;
    }
    return {};
}

Checked<> SiteBuilder::add_http(Scope& outer, const Statement& statement) {
    if (std::exchange(saw_http_, true)) return complain("\"http\" directive is duplicate", statement.name.place);
    for (const Module* const module : modules_) {
        if (module->begin == nullptr) continue;
        if (auto begun = module->begin(outer); !begun) return begun;
    }
    config::SettingsTable settings = outer.settings.derive();
    auto& core = settings.own<CoreSettings>();
    core.root = config::Expression::literal(absolute("html"));
    core.client_body_temp_path = absolute("client_body_temp");
    Scope scope{config::context::http, settings, *grammar_, this};
    return grammar_->apply(statement.block, scope);
}

Checked<> SiteBuilder::add_server(Scope& outer, const Statement& statement) {
    auto host = std::make_unique<VirtualHost>();
    host->place = statement.name.place;
    host->settings = outer.settings.derive();
    host_ = host.get();
    const std::size_t listens_before = listens_.size();
    Scope scope{config::context::server, host->settings, *grammar_, this};
    if (auto done = grammar_->apply(statement.block, scope); !done) return done;

    if (auto added = add_tls_context(*host); !added) return added;
    if (listens_.size() == listens_before) listens_.push_back({default_listen(loader_.is_root()), host_});
    if (host->names.empty()) host->names.push_back({});
    host->locations.index();
    compile_host(*host);
    site_->hosts.push_back(std::move(host));
    host_ = nullptr;
    return {};
}

Checked<> SiteBuilder::add_listen(const Statement& statement) {
    auto specs = parse_listen(statement, loader_);
    if (!specs) return std::unexpected{specs.error()};
    for (ListenSpec& spec : *specs) {
        for (const ListenEntry& other : listens_) {
            if (other.host == host_ && other.spec.address == spec.address) {
                return complain(fmt::format("a duplicate listen {}", spec.address.text()), spec.place);
            }
        }
        listens_.push_back({std::move(spec), host_});
    }
    return {};
}

Checked<> SiteBuilder::check_server_name(const config::Word& word) {
    const std::string_view name = word.text;
    const bool bare_wildcard = name.starts_with('*') && (name.size() < 3 || name[1] != '.');
    if (bare_wildcard || name == ".") return complain(fmt::format("server name \"{}\" is invalid", name), word.place);
    const auto star = name.find('*');
    const bool front = star == 0 && name.find('*', 1) == name.npos;
    const bool end = name.ends_with(".*") && name.size() > 2 && star == name.size() - 1;
    if (star != name.npos && !front && !end) return complain(fmt::format("invalid server name or wildcard \"{}\"", name), word.place);
    if (name.find('/') != name.npos) warn(fmt::format("server name \"{}\" has suspicious symbols", name), word.place);
    return {};
}

Checked<> SiteBuilder::add_server_names(const Statement& statement) {
    for (const config::Word& word : statement.words) {
        ServerName name{.text = text::lower(word.text), .regex = nullptr, .named_captures = {}, .place = word.place};
        if (word.text == "$hostname") name.text = text::lower(loader_.hostname());
        if (name.text.starts_with('~')) {
            const std::string pattern = word.text.substr(1);
            if (pattern.empty()) return complain("empty regex in server name \"~\"", word.place);
            const bool has_upper = std::any_of(pattern.begin(), pattern.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
            auto regex = config::Regex::compile(pattern, has_upper);
            if (!regex) return complain(regex.error(), word.place);
            name.text = word.text;
            name.regex = std::make_shared<const config::Regex>(std::move(*regex));
            link_captures(*name.regex, site_->variables, name.named_captures);
        } else if (auto checked = check_server_name(word); !checked) {
            return checked;
        }
        host_->names.push_back(std::move(name));
    }
    return {};
}

Checked<> SiteBuilder::parse_location_name(const Statement& statement, Location& location) {
    using Kind = Location::Kind;
    const auto& words = statement.words;
    std::string_view modifier;
    std::string_view name = words.back().text;
    if (words.size() == 2) {
        modifier = words.front().text;
    } else {
        for (const std::string_view glued : {"=", "^~", "~*", "~"}) {
            if (!name.starts_with(glued)) continue;
            modifier = glued;
            name.remove_prefix(glued.size());
            break;
        }
    }
    location.name = name;
    location.place = statement.name.place;
    if (modifier == "=") {
        location.kind = Kind::exact;
    } else if (modifier == "^~") {
        location.kind = Kind::final_prefix;
    } else if (modifier == "~" || modifier == "~*") {
        location.kind = Kind::regex;
        auto regex = config::Regex::compile(name, modifier == "~*");
        if (!regex) return complain(regex.error(), words.back().place);
        link_captures(*regex, site_->variables, location.named_captures);
        location.regex = std::move(*regex);
    } else if (!modifier.empty()) {
        return complain(fmt::format("invalid location modifier \"{}\"", modifier), words.front().place,
                        "the modifiers are =, ^~, ~ and ~*");
    } else if (name.starts_with('@')) {
        location.kind = Kind::named;
    }
    return {};
}

Checked<> SiteBuilder::add_location(Scope& outer, const Statement& statement) {
    auto location = std::make_unique<Location>();
    if (auto parsed = parse_location_name(statement, *location); !parsed) return parsed;
    Location* const parent = current_location();
    const auto refuse = [&](std::string message) { return complain(std::move(message), statement.name.place); };
    if (parent != nullptr) {
        if (parent->kind == Location::Kind::exact) {
            return refuse(fmt::format("location \"{}\" cannot be inside the exact location \"{}\"", location->name, parent->name));
        }
        if (parent->kind == Location::Kind::named) {
            return refuse(fmt::format("location \"{}\" cannot be inside the named location \"{}\"", location->name, parent->name));
        }
        if (location->kind == Location::Kind::named) {
            return refuse(fmt::format("named location \"{}\" can be on the server level only", location->name));
        }
        if (location->kind != Location::Kind::regex && !location->name.starts_with(parent->name)) {
            return refuse(fmt::format("location \"{}\" is outside location \"{}\"", location->name, parent->name));
        }
    }
    location->settings = outer.settings.derive();
    locations_.push_back(location.get());
    Scope scope{config::context::location, location->settings, *grammar_, this};
    auto done = grammar_->apply(statement.block, scope);
    locations_.pop_back();
    if (!done) return done;

    LocationLevel& level = parent != nullptr ? parent->nested : host_->locations;
    const std::string name = location->name;
    if (!level.add(std::move(location))) return refuse(fmt::format("duplicate location \"{}\"", name));
    return {};
}

Checked<> SiteBuilder::add_limit_except(Scope& outer, const Statement& statement) {
    Location& location = *current_location();
    location.unlimited_methods = {};
    for (const config::Word& word : statement.words) {
        const auto is_same = [&word](std::string_view method) { return text::equal_ignoring_case(word.text, method); };
        const auto* const known = std::find_if(std::begin(limitable_methods), std::end(limitable_methods), is_same);
        if (known == std::end(limitable_methods)) return complain(fmt::format("invalid method \"{}\"", word.text), word.place);
        location.unlimited_methods.emplace_back(*known);
        if (*known == "GET") location.unlimited_methods.emplace_back("HEAD");
    }
    location.limited = std::make_unique<Location>();
    location.limited->kind = location.kind;
    location.limited->name = location.name;
    location.limited->place = statement.name.place;
    location.limited->settings = outer.settings.derive();
    locations_.push_back(location.limited.get());
    Scope scope{config::context::limit_except, location.limited->settings, *grammar_, this};
    auto done = grammar_->apply(statement.block, scope);
    locations_.pop_back();
    return done;
}

void SiteBuilder::compile_handlers(Location& location) {
    location.core = &location.settings.get<CoreSettings>();
    for (const Module* const module : modules_) {
        if (module->finish != nullptr) module->finish(*this, location.settings);
        for (const Handler& handler : module->handlers) {
            if (handler.phase == Phase::post_read && &location != &host_->bare) continue;  // runs before a location is chosen
            if (handler.wanted == nullptr || handler.wanted(location.settings)) location.handlers.push_back(handler);
        }
        for (const Filter& filter : module->filters) {
            if (filter.wanted == nullptr || filter.wanted(location.settings)) location.filters.push_back(filter);
        }
    }
    std::stable_sort(location.handlers.begin(), location.handlers.end(),
                     [](const Handler& a, const Handler& b) { return a.phase < b.phase; });
    read_content_first(location.handlers, location.settings);
    for (const auto& nested : location.nested.all()) compile_handlers(*nested);
    if (location.limited) compile_handlers(*location.limited);
}

void SiteBuilder::compile_host(VirtualHost& host) {
    for (const auto& location : host.locations.all()) compile_handlers(*location);
    host.bare.settings = host.settings;
    compile_handlers(host.bare);
    // What runs before a location is chosen is the server's own; a bare server skips the location's rewrite handlers.
    auto& handlers = host.bare.handlers;
    std::copy_if(handlers.begin(), handlers.end(), std::back_inserter(host.post_read_handlers),
                 [](const Handler& handler) { return handler.phase == Phase::post_read && handler.waiting != read_request_content; });
    const auto is_server_rewrite = [](const Handler& handler) { return handler.phase == Phase::server_rewrite; };
    std::copy_if(handlers.begin(), handlers.end(), std::back_inserter(host.rewrite_handlers), is_server_rewrite);
    std::erase_if(handlers, [](const Handler& handler) { return handler.phase <= Phase::rewrite; });
    read_content_first(handlers, host.settings);
    if (!host.rewrite_handlers.empty()) read_content_first(host.rewrite_handlers, host.settings);
}

}  // namespace webserv::server
