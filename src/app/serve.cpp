// app/serve.cpp: runs the configuration that a folder needs like any other, and says where it can be reached.
// What stands in it is in serve_configuration.cpp.
#include "app/serve.hpp"

#include <fmt/format.h>
#include <ifaddrs.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "app/cors.hpp"
#include "app/launch.hpp"
#include "app/print.hpp"
#include "app/request_lines.hpp"
#include "app/serve_configuration.hpp"
#include "app/socket_trace.hpp"
#include "app/system_loader.hpp"
#include "modules/registry.hpp"
#include "sys/memory_file.hpp"
#include "sys/socket.hpp"

namespace webserv::app {
namespace {

// The system, and one file that exists in memory only.
class FolderLoader final : public config::Loader {
public:
    FolderLoader(std::string path, std::string text) : path_{std::move(path)}, text_{std::move(text)} {}
    Result<std::string> read(const std::string& path) override {
        if (path == path_) return text_;
        return system_.read(path);
    }
    Result<std::vector<std::string>> glob(const std::string& pattern) override { return system_.glob(pattern); }
    Result<config::UserIdentity> user(const std::string& name, const std::string& group) override { return system_.user(name, group); }
    Result<std::vector<std::string>> resolve(const std::string& host) override { return system_.resolve(host); }
    Result<std::optional<std::string>> environment(const std::string& name) override { return system_.environment(name); }
    std::string hostname() override { return system_.hostname(); }
    bool is_root() override { return system_.is_root(); }

private:
    SystemLoader system_;
    std::string path_;
    std::string text_;
};

// What a wildcard address means: each address of this machine.
std::vector<std::string> addresses_of_machine(const sys::Address& wildcard) {
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) return {};
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner{first, ::freeifaddrs};
    std::vector<std::string> urls;
    for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
        if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != wildcard.family()) continue;
        const socklen_t size = wildcard.family() == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
        sys::Address address = sys::Address::from(entry->ifa_addr, size);
        if (address.host().starts_with("fe80:")) continue;  // needs a zone, which no URL carries well
        address.set_port(wildcard.port());
        urls.push_back("http://" + address.text());
    }
    return urls;
}

void print_addresses(const Folder& folder, const sys::Address& address) {
    print(fmt::format("Serving {}\n", std::filesystem::current_path().string()));
    if (address.is_local()) {
        print(fmt::format("  {}\n", address.text()));
    } else if (address.is_wildcard()) {
        for (const std::string& url : addresses_of_machine(address)) print(fmt::format("  {}\n", url));
    } else {
        print(fmt::format("  http://{}\n", address.text()));
        if (folder.bind == "127.0.0.1") print(fmt::format("  http://localhost:{}\n", address.port()));
    }
    print(fmt::format("Ctrl-C to stop\n"));
}

void explain(const std::string& problem, const sys::Address& address) {
    const std::string_view why = std::string_view{problem}.substr(problem.find('\n') + 1);
    print_error(fmt::format("webserv: {}\n", why));
    if (address.is_local() || problem.find("(98:") == problem.npos) return;
    if (const auto port = sys::next_free_port(address)) print_error(fmt::format("webserv: port {0} is free: try --port {0}\n", *port));
}

int run(const Folder& folder) {
    std::optional<SocketTrace> trace;  // before the first socket, and until the last is closed
    if (folder.trace) trace.emplace();
    std::error_code error;
    std::string local_path = folder.local_path;
    if (!local_path.empty() && !local_path.starts_with('@')) local_path = std::filesystem::absolute(local_path, error).string();
    if (::chdir(folder.path.c_str()) < 0) {
        print_error(fmt::format("webserv: cannot serve {} {}\n", folder.path, describe_errno(errno)));
        return 1;
    }
    Folder here = folder;
    here.local_path = local_path;
    sys::Fd users;  // read anew for each request, as every password file is
    if (!folder.auth.empty()) {
        auto made = sys::make_memory_file("users", user_line(folder.auth));
        if (!made) {
            print_error(fmt::format("webserv: cannot keep the password: {}\n", describe(made.error())));
            return 1;
        }
        users = std::move(*made);
        // By our process id, not "self": a child of ours has no copy of this descriptor.
        here.user_file = fmt::format("/proc/{}/fd/{}", ::getpid(), users.get());
    }
    Options options{};
    options.prefix_path = "./";
    options.conf_path = "./(webserv serve)";
    FolderLoader outside{options.conf_path, configuration(here)};
    std::vector<const server::Module*> modules{modules::all().begin(), modules::all().end()};
    if (folder.cors) modules.push_back(&cors_module);
    if (!folder.quiet) modules.push_back(&request_lines_module);
    Launch launch{{.options = options, .modules = std::move(modules)}, outside, {.pid_file = false, .ends_with_terminal = true}};
    if (!launch.load()) return 1;
    if (const auto opened = launch.open_logs(); !opened) {
        say("emerg", opened.error());
        return 1;
    }
    const sys::Address address = launch.site().points.front()->address;
    if (const auto bound = launch.open_listeners({}); !bound) {
        explain(bound.error(), address);
        return 1;
    }
    process::hold_signals();
    if (!folder.quiet) print_addresses(here, address);
    return launch.run();
}

void add_options(CLI::App& command, Folder& folder) {
    const auto port = CLI::Range(1, 65535);
    const auto model = CLI::IsMember({"event", "fork", "iterative"});
    command.add_option("folder", folder.path, "The folder")->capture_default_str();
    command.add_option("-p,--port", folder.port, "The TCP port")->capture_default_str()->check(port);
    command.add_option("-b,--bind", folder.bind, "The address; 0.0.0.0 shares with the whole network")->capture_default_str();
    command.add_option("--unix", folder.local_path, "A local socket's path instead of an address");
    command.add_option("--index", folder.index, "The file that answers for its folder")
        ->capture_default_str()
        ->check(complaint_about_index);
    command.add_flag("--spa", folder.spa, "Answer unknown paths with the index at the top: a page that reads its path itself");
    command.add_flag("--cors", folder.cors, "Let pages from anywhere read what is served");
    command.add_option("--auth", folder.auth, "USER:PASSWORD that everybody has to know; also from the variable WEBSERV_AUTH")
        ->envname("WEBSERV_AUTH")
        ->check(complaint_about_auth);
    command.add_option("--backlog", folder.backlog, "Connections that may wait to be accepted")->capture_default_str()->check(port);
    command.add_option("--concurrency", folder.concurrency, "How connections are served: event, fork or iterative")
        ->capture_default_str()
        ->check(model);
    command.add_flag("-q,--quiet", folder.quiet, "Print no addresses and no line a request");
    command.add_flag("--trace", folder.trace, "Print the life of each socket: socket, bind, listen, accept, read, write, close");
}

// Every user of the machine can read our arguments.
void hide_password(std::span<char* const> words, std::string_view auth) {
    if (auth.empty()) return;
    for (char* const word : words) {
        if (const auto at = std::string_view{word}.find(auth); at != auth.npos) std::memset(word + at, '*', auth.size());
    }
}

}  // namespace

int serve(std::span<char* const> words) {
    Folder folder;
    CLI::App command{"Shares a folder over HTTP, without a configuration.", "webserv serve"};
    add_options(command, folder);
    const CLI::Option* const listing =
        command.add_flag("--listing,!--no-listing", folder.listing, "List folders that have no index (the default, but for --spa)");
    std::vector<std::string> arguments{words.rbegin(), words.rend()};  // CLI11 takes them from the back
    try {
        command.parse(arguments);
    } catch (const CLI::ParseError& error) {
        return command.exit(error);
    }
    if (listing->empty()) folder.listing = !folder.spa;
    hide_password(words, folder.auth);
    return run(folder);
}

}  // namespace webserv::app
