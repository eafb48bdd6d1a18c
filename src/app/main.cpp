// app/main.cpp: `webserv [options]` as nginx, and the subcommands beside it.
// Messages and exit statuses are nginx's, because scripts read them.
#include <fmt/format.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <span>

#include "app/get.hpp"
#include "app/launch.hpp"
#include "app/manual.hpp"
#include "app/options.hpp"
#include "app/print.hpp"
#include "app/serve.hpp"
#include "app/system_loader.hpp"
#include "base/version.hpp"
#include "modules/registry.hpp"
#include "process/inherited.hpp"
#include "process/master.hpp"
#include "sys/process.hpp"
#include "sys/temporary.hpp"

namespace webserv::app {
namespace {

// As in nginx: for a predecessor that is just ending.
constexpr Attempts bind_attempts{.count = 5, .pause = std::chrono::milliseconds{500}};

void dump(const server::Site& site) {
    for (const auto& file : site.files) {
        print(fmt::format("# configuration file {}:\n{}{}\n", file->path, file->content, file->content.ends_with('\n') ? "" : "\n"));
    }
}

int test(const Options& options, const server::Site& site) {
    if (!options.quiet) print_error(fmt::format("webserv: configuration file {} test is successful\n", options.conf_path));
    if (options.dump) dump(site);
    return 0;
}

int fail_test(const Options& options) {
    if (options.test) print_error(fmt::format("webserv: configuration file {} test failed\n", options.conf_path));
    return 1;
}

int run(const Options& options, const Supervision::Program& program) {
    const bool serves = !options.test && options.signal.empty();
    auto inherited = serves ? process::take_inherited_sockets(observe::Log{}) : process::InheritedSockets{};
    SystemLoader outside;
    Launch launch{{.options = options, .modules = {modules::all().begin(), modules::all().end()}},
                  outside,
                  {.program = program, .is_heir = inherited.from_predecessor}};
    launch.inherit(std::move(inherited.sockets));
    if (!launch.load()) return fail_test(options);
    const server::MainSettings& settings = launch.site().process();
    if (!options.signal.empty()) return process::signal_running(options.signal, settings.pid, observe::Log{});
    if (options.test && !options.quiet) print_error(fmt::format("webserv: the configuration file {} syntax is ok\n", options.conf_path));
    if (const auto opened = launch.open_logs(); !opened) {
        say("emerg", opened.error());
        return fail_test(options);
    }
    if (options.test) return test(options, launch.site());

    if (const auto bound = launch.open_listeners(bind_attempts); !bound) {
        say("emerg", bound.error());
        launch.site().log->write(observe::Level::emerg, bound.error());
        return 1;
    }
    if (settings.pid.starts_with(options.prefix_path + "logs/"))
        (void)sys::make_folders(options.prefix_path + "logs");  // else the pid file says so
    return launch.run();
}

// The file we were started from, by the name it has then: a newer executable will have been put there.
std::string own_path(std::span<char* const> words) {
    const std::string name = words.empty() ? "" : words.front();
    std::error_code error;
    if (name.find('/') != name.npos) return std::filesystem::absolute(name, error).string();
    std::string path = std::filesystem::read_symlink("/proc/self/exe", error).string();  // it was found by way of PATH
    return path;
}

int start(std::span<char* const> all_words) {
    const std::span<char* const> words = all_words.empty() ? all_words : all_words.subspan(1);
    if (!words.empty() && std::strcmp(words[0], "serve") == 0) return serve(words.subspan(1));
    if (!words.empty() && std::strcmp(words[0], "get") == 0) return get(words.subspan(1));
    if (!words.empty() && std::strcmp(words[0], "manual") == 0) return write_manual(words.subspan(1));
    const auto options = parse_options(words);
    if (!options) {
        print_error(fmt::format("webserv: {}\n", options.error()));
        return 1;
    }
    if (!options->version) return run(*options, {.path = own_path(all_words), .arguments = {all_words.begin(), all_words.end()}});
    print_error(fmt::format("webserv version: {}\n", product));
    if (options->help) print_error(help_text());
    if (options->build) print_error(build_text());
    return 0;
}

}  // namespace
}  // namespace webserv::app

int main(int count, char** words) {
    webserv::sys::reserve_standard_streams();
    return webserv::app::start({words, static_cast<std::size_t>(count)});
}
