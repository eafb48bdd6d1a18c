// app/launch.cpp: loading, opening, planning; and the same again when the configuration is loaded anew.
// The order matters: what can fail for the user's reasons fails before anything is changed.
#include "app/launch.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <ranges>
#include <thread>

#include "app/print.hpp"
#include "app/worker_process.hpp"
#include "app/worker_settings.hpp"
#include "process/inherited.hpp"
#include "sys/program.hpp"
#include "sys/temporary.hpp"
#include "tls/session_cache.hpp"
#include "tls/ticket_keys.hpp"

namespace webserv::app {

using observe::Level;

void say(std::string_view level, std::string_view message) { print_error(fmt::format("webserv: [{}] {}\n", level, message)); }

namespace {

// A worker that has just been told to leave an address may be doing so; the master does nothing else while it waits.
constexpr Attempts reload_attempts{.count = 5, .pause = std::chrono::milliseconds{20}};

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

Launch::Launch(Recipe recipe, config::Loader& outside, const Supervision& supervision)
    : recipe_{std::move(recipe)}, outside_{outside}, supervision_{supervision} {
    tls::share_session_caches();
    tls::share_ticket_keys();  // before there are workers, whether the present configuration speaks TLS or a later one
}

bool Launch::load() {
    auto built = build(recipe_, outside_);
    if (!built) {
        say("emerg", built.error().render());
        note_in_first_log(recipe_.options, built.error().first_line());
        return false;
    }
    for (const std::string& warning : built->warnings) say("warn", warning);
    built_ = std::move(*built);
    return true;
}

std::expected<void, std::string> Launch::open_logs() {
    auto opened = server::open_logs(*built_.site, logs_, access_logs_);
    if (!opened && sys::make_folders(recipe_.options.prefix_path + "logs")) opened = server::open_logs(*built_.site, logs_, access_logs_);
    if (opened) {
        for (const std::string& notice : built_.notices) site().log->write(Level::notice, notice);
    }
    return opened;
}

std::expected<void, std::string> Launch::open_listeners(Attempts attempts) {
    return listeners_.adapt(*built_.site, worker_count(), attempts);
}

namespace {

// Temporary files are made by the workers, in folders that only the master may be able to create.
void prepare_temporary_folder(const server::Location& location, const server::MainSettings& process) {
    const auto& core = location.settings.get<server::CoreSettings>();
    const bool is_needed = core.wants_request_content || core.stores_request_content || core.client_body_temp_path_is_own;
    if (is_needed && sys::make_folders(core.client_body_temp_path) && process.user && ::geteuid() == 0) {
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

}  // namespace

unsigned Launch::worker_count() const {
    const unsigned wanted = site().process().worker_processes;
    return wanted > 0 ? wanted : std::max(1U, std::thread::hardware_concurrency());
}

std::shared_ptr<const process::Plan> Launch::plan() {
    const server::MainSettings& settings = site().process();
    auto plan = std::make_shared<process::Plan>();
    plan->workers = worker_count();
    plan->daemon = settings.daemon;
    plan->master = settings.master_process;
    if (supervision_.pid_file) plan->pid_path = settings.pid;
    plan->heir = supervision_.is_heir;
    plan->settings = worker_settings(settings);
    plan->log = site().log;
    plan->run = [this](process::Worker& process) { live(process); };
    plan->reopen = [this] { return reopen(); };
    plan->settled = [this] { listeners_.settle(); };
    plan->ending = [this](bool has_heir) { listeners_.close(has_heir); };
    if (!supervision_.ends_with_terminal) {
        plan->parcel = [this](unsigned index) { return parcel(index); };
        plan->next = [this] { return reload(); };
        plan->upgrade = [this](const std::vector<std::string>& environment) { return upgrade(environment); };
    }
    return plan;
}

void Launch::live(process::Worker& process) {
    process.ends_with_terminal = supervision_.ends_with_terminal;
    if (process.to_master == nullptr) return live_alone(process);
    // Given away, not shared: what a later generation no longer uses is closed and freed here too.
    Generation first{
        .site = std::move(built_.site), .access_logs = std::move(access_logs_), .listeners = listeners_.of_worker(process.index)};
    logs_.open_no_more();
    listeners_.close(true);  // the master's copies: what the worker accepts on it has itself
    WorkerProcess worker{process, recipe_, logs_, [this] { listeners_.close(true); }};
    worker.run(std::move(first));
}

void Launch::live_alone(process::Worker& process) {
    WorkerProcess worker{process, recipe_, logs_, [this] { listeners_.close(false); }};
    process.on_reload = [this, &worker] { return reload_alone(worker); };
    worker.run({.site = built_.site, .access_logs = access_logs_, .listeners = listeners_.of_worker(process.index)});
    process.on_reload = nullptr;
}

std::shared_ptr<const process::Plan> Launch::reload_alone(WorkerProcess& worker) {
    if (worker.is_ending()) return nullptr;
    worker.flush_logs();  // what has happened belongs into the files that are open
    auto next = reload();
    if (next) worker.go_over({.site = built_.site, .access_logs = access_logs_, .listeners = listeners_.of_worker(0)});
    return next;
}

int Launch::run() {
    constexpr unsigned blocks = 2048;  // workers, and those that are leaving while others begin
    auto metrics = observe::Metrics::create(std::max(blocks, worker_count()));
    if (!metrics) {
        say("emerg", describe(metrics.error()));
        return 1;
    }
    prepare_temporary_folders(site());
    return process::supervise(plan(), *metrics);
}

std::shared_ptr<const process::Plan> Launch::reload() {
    const std::shared_ptr<const observe::Log> log = site().log;
    const auto refuse = [&](std::string_view why) {
        for (const auto line : std::views::split(why, '\n')) log->write(Level::emerg, std::string_view{line.begin(), line.end()});
        log->write(Level::notice, "the configuration stays as it was");
        return nullptr;
    };
    auto next = build(recipe_, outside_);
    if (!next) return refuse(next.error().first_line());
    for (const std::string& warning : next->warnings) log->write(Level::warn, warning);
    for (const std::string& notice : next->notices) log->write(Level::notice, notice);

    std::vector<server::LogFiles::Sink> access_logs;
    if (auto opened = server::open_logs(*next->site, logs_, access_logs); !opened) return refuse(opened.error());
    Built before = std::exchange(built_, std::move(*next));
    if (auto bound = open_listeners(reload_attempts); !bound) {
        built_ = std::move(before);
        return refuse(bound.error());
    }
    access_logs_ = std::move(access_logs);
    const server::MainSettings& settings = site().process();
    const server::MainSettings& old = before.site->process();
    if (settings.daemon != old.daemon) log->write(Level::notice, "\"daemon\" takes effect only at the start");
    if (settings.master_process != old.master_process) log->write(Level::notice, "\"master_process\" takes effect only at the start");
    for (const std::string& problem : logs_.reopen()) site().log->write(Level::emerg, problem);
    prepare_temporary_folders(site());
    return plan();
}

Result<pid_t> Launch::upgrade(const std::vector<std::string>& environment) {
    const std::vector<int> descriptors = listeners_.descriptors();
    std::vector<std::string> all;
    for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
    all.insert(all.end(), environment.begin(), environment.end());
    all.push_back(fmt::format("{}={}", process::inheritance_variable, process::inheritance_of(descriptors)));
    return sys::spawn_program(supervision_.program.path, supervision_.program.arguments, all, descriptors);
}

process::Parcel Launch::parcel(unsigned index) const {
    auto packed = pack(built_.record, logs_, listeners_.of_worker(index));
    if (packed) return std::move(*packed);
    site().log->write(Level::alert, describe(packed.error()));
    return {};  // which the worker can not take, so it is replaced
}

process::Parcel Launch::reopen() {
    for (const std::string& problem : logs_.reopen()) site().log->write(Level::emerg, problem);
    auto packed = pack_logs(logs_);
    if (packed) return std::move(*packed);
    site().log->write(Level::alert, describe(packed.error()));
    return {};
}

}  // namespace webserv::app
