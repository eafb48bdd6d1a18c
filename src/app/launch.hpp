// app/launch.hpp: from a configuration to running processes: load, open logs and listeners, supervise, load again.
// Shared by the nginx-like command line and by `webserv serve`: there is one way to start.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/generation.hpp"
#include "app/listeners.hpp"
#include "config/loader.hpp"
#include "process/master.hpp"

namespace webserv::app {

/// Writes "webserv: [emerg] message" to standard error, as nginx does before it has a log.
void say(std::string_view level, std::string_view message);

/// What the caller knows about the processes, and the configuration does not.
struct Supervision {
    struct Program {  ///< how we were started: how a newer executable is to be
        std::string path;
        std::vector<std::string> arguments;
    };
    Program program{};
    bool is_heir = false;  ///< another server has started us to replace it
    bool pid_file = true;
    bool ends_with_terminal = false;  ///< a hangup (SIGHUP) stops: there is no configuration to load again
};

class WorkerProcess;

/// The server from its first configuration on: loads, opens, supervises, loads again.
class Launch {
public:
    /// @param outside  answers now and at every reload
    Launch(Recipe recipe, config::Loader& outside, const Supervision& supervision);
    Launch(const Launch&) = delete;
    Launch& operator=(const Launch&) = delete;

    /// Sockets that are open already, for points that name their addresses.
    void inherit(std::vector<sys::Fd> sockets) { listeners_.inherit(std::move(sockets), !supervision_.is_heir); }
    /// Builds the site; prints what is wrong or doubtful. False: it could not be built.
    [[nodiscard]] bool load();
    /// Opens the site's logs, creating the default folder logs/ if it is missing. The error is nginx's message.
    [[nodiscard]] std::expected<void, std::string> open_logs();
    /// Binds every point of the site. Errors are explained in words.
    [[nodiscard]] std::expected<void, std::string> open_listeners(Attempts attempts);
    /// Runs the site until a signal ends it. @return the exit status
    [[nodiscard]] int run();

    [[nodiscard]] const server::Site& site() const noexcept { return *built_.site; }

private:
    [[nodiscard]] unsigned worker_count() const;
    [[nodiscard]] std::shared_ptr<const process::Plan> plan();
    [[nodiscard]] std::shared_ptr<const process::Plan> reload();
    void live(process::Worker& process);
    void live_alone(process::Worker& process);
    [[nodiscard]] std::shared_ptr<const process::Plan> reload_alone(WorkerProcess& worker);
    [[nodiscard]] process::Parcel parcel(unsigned index) const;
    [[nodiscard]] process::Parcel reopen();
    [[nodiscard]] Result<pid_t> upgrade(const std::vector<std::string>& environment);

    Recipe recipe_;
    config::Loader& outside_;
    Supervision supervision_;
    server::LogFiles logs_;
    Listeners listeners_;
    Built built_;
    std::vector<server::LogFiles::Sink> access_logs_;
};

}  // namespace webserv::app
