// server/site_builder.hpp: a configuration's statements to a Site, with the directive tables of all modules.
// Lives while a configuration is read; the Site it gives never changes again.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "config/directive.hpp"
#include "config/loader.hpp"
#include "server/module.hpp"
#include "server/site.hpp"

namespace webserv::server {

struct BuildOptions {
    std::string prefix;      ///< -p; ends with '/'
    std::string conf_path;   ///< -c; absolute
    std::string directives;  ///< -g
    std::string error_log;   ///< -e; absolute, or "stderr"
};

/// What is built, while it is built; directives reach it through builder(scope).
class SiteBuilder {
public:
    SiteBuilder(const BuildOptions& options, std::span<const Module* const> modules, config::Loader& loader);

    /// Reads and applies everything. Logs are not opened yet: see open_logs (logs.hpp).
    [[nodiscard]] config::Checked<std::unique_ptr<Site>> build();
    /// Warnings met on the way, as nginx words them.
    [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return warnings_; }

    [[nodiscard]] const std::vector<std::string>& notices() const noexcept { return notices_; }

    // For directives.
    [[nodiscard]] Site& site() noexcept { return *site_; }
    [[nodiscard]] config::Loader& loader() noexcept { return loader_; }
    [[nodiscard]] std::string absolute(std::string_view path) const;          ///< relative to the prefix
    [[nodiscard]] std::string absolute_in_conf(std::string_view path) const;  ///< relative to the configuration's folder
    void warn(std::string message, const config::Place& place);
    void note(std::string message, const config::Place& place);  ///< of no consequence, but worth a line in the log
    /// A value with variables. Where it needs the request's content, the scope's exchanges will read that first.
    [[nodiscard]] config::Checked<config::Expression> compile(const config::Word& word, config::Scope& scope);
    /// The same for a value that is asked for before content can be read: it makes nobody read any.
    [[nodiscard]] config::Checked<config::Expression> compile_early(const config::Word& word);

    [[nodiscard]] config::Checked<> add_http(config::Scope& outer, const config::Statement& statement);
    [[nodiscard]] config::Checked<> add_server(config::Scope& outer, const config::Statement& statement);
    [[nodiscard]] config::Checked<> add_location(config::Scope& outer, const config::Statement& statement);
    [[nodiscard]] config::Checked<> add_limit_except(config::Scope& outer, const config::Statement& statement);
    [[nodiscard]] config::Checked<> add_listen(const config::Statement& statement);
    [[nodiscard]] config::Checked<> add_server_names(const config::Statement& statement);
    /// The location whose block is being read; null in server and http.
    [[nodiscard]] Location* current_location() noexcept { return locations_.empty() ? nullptr : locations_.back(); }
    /// The identity of the access log at this place.
    [[nodiscard]] std::size_t access_log_index(const observe::LogPlace& place);
    void use_access_log(std::size_t index) { site_->access_logs[index].used = true; }
    /// One name, one size, wherever it stands.
    [[nodiscard]] config::Checked<> declare_session_cache(const std::string& name, std::uint64_t bytes, const config::Word& word);
    bool saw_events = false;

private:
    void keep_declared_session_caches() const;
    struct ListenEntry {
        ListenSpec spec;
        VirtualHost* host;
    };
    [[nodiscard]] config::Checked<> apply_document(std::vector<config::Statement>& statements, config::SettingsTable& settings);
    [[nodiscard]] config::Checked<> declare_captures(const std::vector<config::Statement>& statements);
    [[nodiscard]] config::Checked<> check_server_name(const config::Word& word);
    [[nodiscard]] config::Checked<> parse_location_name(const config::Statement& statement, Location& location);
    [[nodiscard]] config::Checked<> link_points();
    [[nodiscard]] config::Checked<> join_point(ListenPoint& point, const ListenEntry& entry, bool& has_default, bool& has_options);
    [[nodiscard]] config::Checked<> check_certificates(const ListenPoint& point);
    [[nodiscard]] config::Checked<> add_tls_context(VirtualHost& host);
    void add_names(ListenPoint& point, const VirtualHost& host);
    void compile_handlers(Location& location);
    void compile_host(VirtualHost& host);

    BuildOptions options_;
    std::span<const Module* const> modules_;
    config::Loader& loader_;
    std::unique_ptr<config::Grammar> grammar_;
    std::unique_ptr<Site> site_;
    std::vector<std::string> warnings_;
    std::vector<std::string> notices_;

    bool saw_http_ = false;
    VirtualHost* host_ = nullptr;
    std::vector<Location*> locations_;
    std::vector<ListenEntry> listens_;
    std::map<std::string, std::uint64_t> session_caches_;
    std::vector<std::pair<const void*, const VirtualHost*>> tls_hosts_;  // by settings: whose context others share
};

[[nodiscard]] inline SiteBuilder& builder(config::Scope& scope) { return *static_cast<SiteBuilder*>(scope.builder); }

/// The notice about a directive that is accepted and changes nothing.
void note_no_effect(config::Scope& scope, const config::Statement& statement, std::string_view why);

/// Once main is read: what holds if it says nothing about the environment, and a warning about masks that do not fit.
void finish_process_settings(SiteBuilder& builder, MainSettings& settings);

/// The tables of all modules, for the engine and the manual.
[[nodiscard]] std::vector<config::DirectiveGroup> directive_groups(std::span<const Module* const> modules);

}  // namespace webserv::server
