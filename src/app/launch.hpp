// app/launch.hpp: from a configuration to running processes: load, open logs and listeners, supervise.
// Shared by the nginx-like command line and by `webserv serve`: there is one way to start.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "app/options.hpp"
#include "config/syntax.hpp"
#include "server/logs.hpp"
#include "server/module.hpp"
#include "server/site_builder.hpp"
#include "server/worker.hpp"

namespace webserv::app {

/// Writes "webserv: [emerg] message" to standard error, as nginx does before it has a log.
void say(std::string_view level, std::string_view message);

/// Builds the site; prints what is wrong or doubtful. Null: it could not be built.
[[nodiscard]] std::unique_ptr<server::Site> load(const Options& options, std::span<const server::Module* const> modules,
                                                 config::Loader& outside);

/// How many workers the configuration asks for; `auto` is one for each processor.
[[nodiscard]] unsigned worker_count(const server::Site& site);

/// Opens the site's logs, creating the default folder logs/ if it is missing. The error is nginx's message.
[[nodiscard]] std::expected<std::vector<std::shared_ptr<observe::LogSink>>, std::string> open_site_logs(const Options& options,
                                                                                                        server::Site& site);

/// One set of listening sockets a worker; shared ones are the same descriptor in each.
class Listeners {
public:
    /// Binds every point of the site. Errors are explained in words.
    /// @param attempts  tries half a second apart while an address is taken: the server before us may be ending
    [[nodiscard]] static std::expected<Listeners, std::string> open(const server::Site& site, unsigned workers, int attempts);
    /// What this worker accepts on.
    [[nodiscard]] std::span<const server::OpenListener> of_worker(unsigned index) const { return sets_[index % sets_.size()]; }
    /// Closes all, once nobody accepts on them any more: new connections are refused from here on.
    void close() { sets_.assign(1, {}); }
    /// Also takes the paths of local sockets away, once: a successor may use them from then on.
    void remove_paths();

private:
    std::vector<std::vector<server::OpenListener>> sets_;  // one; or one a worker where reuseport is used
    std::vector<std::string> paths_;                       // of local sockets that are not abstract
};

/// What the caller knows about the process, and the configuration does not.
struct Supervision {
    std::string pid_path;             ///< empty: no pid file
    bool ends_with_terminal = false;  ///< a hangup (SIGHUP) stops: there is no configuration to load again
};

/// Runs the site until a signal ends it. @return the exit status
int run_site(std::unique_ptr<server::Site> built, const std::vector<std::shared_ptr<observe::LogSink>>& access_logs, Listeners& listeners,
             const Supervision& supervision);

}  // namespace webserv::app
