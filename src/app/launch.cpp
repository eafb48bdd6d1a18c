// app/launch.cpp: loading, opening, and what each worker does once it is forked.
// The order matters: what can fail for the user's reasons fails here, before any process is started.
#include "app/launch.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <thread>

#include "app/print.hpp"
#include "config/loader.hpp"
#include "process/master.hpp"
#include "sys/socket.hpp"
#include "sys/temporary.hpp"

namespace webserv::app {

void say(std::string_view level, std::string_view message) { print_error(fmt::format("webserv: [{}] {}\n", level, message)); }

namespace {

// -e: the log that is there before the configuration has named one.
void note_in_first_log(const Options& options, const std::string& message) {
    if (options.error_log_path.empty() || options.error_log_path == "stderr") return;
    auto sink = observe::open_sink(options.error_log_path);
    if (!sink) return;
    observe::Log log;
    log.add(std::move(*sink), observe::Level::notice);
    log.write(observe::Level::emerg, message);
}

}  // namespace

std::unique_ptr<server::Site> load(const Options& options, std::span<const server::Module* const> modules, config::Loader& outside) {
    config::RecordingLoader loader{outside};
    server::SiteBuilder builder{{.prefix = options.prefix_path,
                                 .conf_path = options.conf_path,
                                 .directives = options.directives,
                                 .error_log = options.error_log_path},
                                modules,
                                loader};
    auto site = builder.build();
    for (const std::string& warning : builder.warnings()) say("warn", warning);
    if (!site) {
        say("emerg", site.error().render());
        note_in_first_log(options, site.error().first_line());
        return nullptr;
    }
    return std::move(*site);
}

std::expected<std::vector<std::shared_ptr<observe::LogSink>>, std::string> open_site_logs(const Options& options, server::Site& site) {
    server::LogFiles files;
    std::vector<std::shared_ptr<observe::LogSink>> access_logs;
    auto opened = server::open_logs(site, files, access_logs);
    if (!opened && sys::make_folders(options.prefix_path + "logs")) opened = server::open_logs(site, files, access_logs);
    if (!opened) return std::unexpected{opened.error()};
    return access_logs;
}

namespace {

std::expected<std::shared_ptr<const sys::Fd>, std::string> listen_at(const server::ListenPoint& point, int attempts) {
    for (int attempt = 1;; ++attempt) {
        auto socket = sys::listen_on(point.address, point.options);
        if (socket) return std::make_shared<const sys::Fd>(std::move(*socket));
        const Error error = socket.error();
        const std::string message =
            fmt::format("{}() to {} failed {}", error.doing, point.address.text(), describe_errno(static_cast<int>(error.code)));
        if (error.code != std::errc::address_in_use || attempt >= attempts) {
            return std::unexpected{fmt::format("{}\n{}", message, sys::explain_listen_error(error, point.address))};
        }
        say("notice", fmt::format("{}, trying again", message));
        std::this_thread::sleep_for(std::chrono::milliseconds{500});
    }
}

// Temporary files are made by the workers, in folders that only the master may be able to create.
void prepare_temporary_folder(const server::Location& location, const server::MainSettings& process) {
    const auto& core = location.settings.get<server::CoreSettings>();
    if ((core.wants_request_content || core.client_body_temp_path_is_own) && sys::make_folders(core.client_body_temp_path) &&
        process.user && ::geteuid() == 0) {
        (void)sys::give_to(core.client_body_temp_path, process.user->user, process.user->group);  // a failure shows at the first request
    }
    for (const auto& nested : location.nested.all()) prepare_temporary_folder(*nested, process);
}

void prepare_temporary_folders(const server::Site& site) {
    for (const auto& host : site.hosts) {
        prepare_temporary_folder(host->bare, site.process());
        for (const auto& location : host->locations.all()) prepare_temporary_folder(*location, site.process());
    }
}

// Descriptors for worker_connections, open files and ourselves, as far as the hard limit lets us.
void raise_descriptor_limit(std::uint64_t connections) {
    constexpr rlim_t beside_connections = 1024;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
    const rlim_t wanted = std::min<rlim_t>(limit.rlim_max, connections + beside_connections);
    if (limit.rlim_cur >= wanted) return;
    limit.rlim_cur = wanted;
    (void)::setrlimit(RLIMIT_NOFILE, &limit);  // then the reserve descriptor keeps us alive
}

Task<> stop_when_finished(io::Scope& scope, io::Loop& loop) {
    co_await scope.finished();
    loop.stop();
}

}  // namespace

std::expected<Listeners, std::string> Listeners::open(const server::Site& site, unsigned workers, int attempts) {
    bool any_reuse_port = false;
    for (const auto& point : site.points) any_reuse_port |= point->options.reuse_port;
    Listeners listeners;
    listeners.sets_.resize(any_reuse_port ? workers : 1);
    for (std::size_t index = 0; index < site.points.size(); ++index) {
        const server::ListenPoint& point = *site.points[index];
        std::shared_ptr<const sys::Fd> socket;
        for (auto& set : listeners.sets_) {
            if (!socket || point.options.reuse_port) {
                auto opened = listen_at(point, attempts);
                if (!opened) return std::unexpected{opened.error()};
                socket = std::move(*opened);
            }
            set.push_back({socket, index});
        }
        const std::string path = point.address.is_local() ? point.address.local_name() : std::string{};
        if (!path.empty() && !path.starts_with('@')) listeners.paths_.push_back(path);
    }
    return listeners;
}

void Listeners::remove_paths() {
    for (const std::string& path : std::exchange(paths_, {})) ::unlink(path.c_str());
}

unsigned worker_count(const server::Site& site) {
    const unsigned wanted = site.process().worker_processes;
    return wanted > 0 ? wanted : std::max(1U, std::thread::hardware_concurrency());
}

int run_site(std::unique_ptr<server::Site> built, const std::vector<std::shared_ptr<observe::LogSink>>& access_logs, Listeners& listeners,
             const Supervision& supervision) {
    const std::shared_ptr<const server::Site> site = std::move(built);
    const server::MainSettings& settings = site->process();
    const unsigned workers = worker_count(*site);
    auto metrics = observe::Metrics::create(workers);
    if (!metrics) {
        say("emerg", describe(metrics.error()));
        return 1;
    }
    prepare_temporary_folders(*site);

    process::Plan plan{.workers = workers, .daemon = settings.daemon, .master = settings.master_process, .pid_path = supervision.pid_path};
    if (settings.user && ::geteuid() == 0) {
        plan.identity = process::Identity{.user_name = settings.user_name, .user = settings.user->user, .group = settings.user->group};
    }
    plan.run = [&](process::Worker& process) {
        raise_descriptor_limit(settings.worker_connections);
        process.ends_with_terminal = supervision.ends_with_terminal;
        server::Worker worker{process.loop, process.scope, process.metrics, site, access_logs};
        io::Scope ending;
        bool is_ending = false;
        process.on_order = [&](process::Order order) {
            if (order == process::Order::stop) {
                worker.stop();
            } else {
                worker.drain();
                listeners.close();
                if (!settings.master_process) listeners.remove_paths();
            }
            if (!std::exchange(is_ending, true)) ending.spawn(stop_when_finished(process.scope, process.loop));
        };
        worker.start(listeners.of_worker(process.index));
        process.loop.run();
    };
    plan.quitting = [&listeners] {
        listeners.close();
        listeners.remove_paths();
    };
    const int status = process::supervise(plan, *metrics, *site->log);
    listeners.remove_paths();
    return status;
}

}  // namespace webserv::app
