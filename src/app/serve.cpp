// app/serve.cpp: runs the configuration that a folder needs like any other, and says where it can be reached.
// What stands in it is in serve_configuration.cpp.
#include "app/serve.hpp"

#include <fmt/format.h>
#include <ifaddrs.h>
#include <unistd.h>

#include <algorithm>
#include <CLI/CLI.hpp>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "app/cors.hpp"
#include "app/launch.hpp"
#include "app/local_authority.hpp"
#include "app/print.hpp"
#include "app/request_lines.hpp"
#include "app/serve_configuration.hpp"
#include "app/socket_trace.hpp"
#include "app/system_loader.hpp"
#include "modules/registry.hpp"
#include "sys/file.hpp"
#include "sys/memory_file.hpp"
#include "sys/socket.hpp"
#include "tls/credential.hpp"

namespace webserv::app {
namespace {

constexpr int wrong_usage = 2;  // as `webserv get` has it, and shells

// The system, and files that exist in memory only.
class FolderLoader final : public config::Loader {
public:
    void add(const std::string& path, std::string text) { files_[path] = std::move(text); }
    Result<std::string> read(const std::string& path) override {
        if (const auto found = files_.find(path); found != files_.end()) return found->second;
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
    std::map<std::string, std::string> files_;
};

// What a wildcard address means: each address of this machine.
std::vector<sys::Address> addresses_of_machine(const sys::Address& wildcard) {
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) return {};
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner{first, ::freeifaddrs};
    std::vector<sys::Address> addresses;
    for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
        if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != wildcard.family()) continue;
        const socklen_t size = wildcard.family() == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
        sys::Address address = sys::Address::from(entry->ifa_addr, size);
        if (address.host().starts_with("fe80:")) continue;  // needs a zone, which no URL carries well
        address.set_port(wildcard.port());
        addresses.push_back(address);
    }
    return addresses;
}

void print_addresses(const Folder& folder, const sys::Address& address) {
    const std::string scheme = folder.tls ? "https" : "http";
    print(fmt::format("Serving {}\n", std::filesystem::current_path().string()));
    if (address.is_local()) {
        print(fmt::format("  {}\n", address.text()));
    } else if (address.is_wildcard()) {
        for (const sys::Address& one : addresses_of_machine(address)) print(fmt::format("  {}://{}\n", scheme, one.text()));
    } else {
        print(fmt::format("  {}://{}\n", scheme, address.text()));
        if (folder.bind == "127.0.0.1") print(fmt::format("  {}://localhost:{}\n", scheme, address.port()));
    }
    print(fmt::format("Ctrl-C to stop\n"));
}

void explain(const std::string& problem, const sys::Address& address) {
    const std::string_view why = std::string_view{problem}.substr(problem.find('\n') + 1);
    print_error(fmt::format("webserv: {}\n", why));
    if (address.is_local() || problem.find("(98:") == problem.npos) return;
    if (const auto port = sys::next_free_port(address)) print_error(fmt::format("webserv: port {0} is free: try --port {0}\n", *port));
}

// All that this machine may be called by whom it shall serve.
std::vector<std::string> names_of(const Folder& folder) {
    std::vector<std::string> names{"localhost", "127.0.0.1", "::1"};
    const auto add = [&](const std::string& name) {
        if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    };
    const auto bound = sys::Address::parse_ip(folder.bind, folder.port);
    if (!bound || !folder.local_path.empty()) return names;
    if (!bound->is_wildcard()) {
        add(bound->host());
        return names;
    }
    for (const sys::Address& address : addresses_of_machine(*bound)) add(address.host());
    add(SystemLoader{}.hostname());
    return names;
}

void explain_trust(const LocalCertificate& local) {
    print(
        fmt::format("The certificate is signed by an authority of your own: {}\n"
                    "{}Browsers: import it under \"authorities\". This machine, for curl and webserv get:\n"
                    "  sudo cp {} /usr/local/share/ca-certificates/webserv.crt && sudo update-ca-certificates\n",
                    local.authority_path, local.authority_is_new ? "It is new. " : "", local.authority_path));
    print(fmt::format("SHA-256 {}\n", local.authority_digest));
}

// What is wrong with the user's own files, by the names that he knows them by: the configuration's mean nothing to him.
std::expected<tls::KeyPair, std::string> read_own(const Folder& folder) {
    tls::KeyPair pair;
    for (const auto& [path, into] : {std::pair{&folder.certificate_file, &pair.certificate}, std::pair{&folder.key_file, &pair.key}}) {
        auto octets = sys::read_whole(path->c_str());
        if (!octets) return std::unexpected{fmt::format("{} can not be read: {}", *path, describe(octets.error()))};
        *into = std::move(*octets);
    }
    const auto usable = tls::Credential::parse(
        {.chain = pair.certificate, .chain_name = folder.certificate_file, .key = pair.key, .key_name = folder.key_file});
    if (usable) return pair;
    const bool is_about_key = usable.error().starts_with("cannot load certificate key");
    if (!is_about_key || pair.key.find("ENCRYPTED") == std::string::npos) return std::unexpected{usable.error()};
    return std::unexpected{
        fmt::format("cannot load certificate key \"{}\": it is encrypted, and nobody is asked for its password", folder.key_file)};
}

// Puts certificate and key where the configuration will find them. @return false: the reason was printed
bool add_certificate(const Folder& folder, FolderLoader& files, std::optional<LocalCertificate>& local) {
    tls::KeyPair pair;
    if (!folder.certificate_file.empty()) {
        auto own = read_own(folder);
        if (!own) {
            print_error(fmt::format("webserv: {}\n", own.error()));
            return false;
        }
        pair = std::move(*own);
    } else {
        const auto place = data_folder();
        auto made = place ? local_certificate(*place, names_of(folder)) : std::unexpected{place.error()};
        if (!made) {
            print_error(fmt::format("webserv: {}\n", made.error()));
            return false;
        }
        pair = made->pair;
        local.emplace(std::move(*made));
    }
    files.add(std::string{"./"} + certificate_name, pair.certificate);
    files.add(std::string{"./"} + key_name, pair.key);
    return true;
}

int run(const Folder& folder) {
    std::optional<SocketTrace> trace;  // before the first socket, and until the last is closed
    if (folder.trace) trace.emplace(SocketTrace::Role::server);
    FolderLoader outside;
    std::optional<LocalCertificate> local;
    if (folder.tls && !add_certificate(folder, outside, local)) return 1;
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
    outside.add(options.conf_path, configuration(here));
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
    if (!folder.quiet && local) explain_trust(*local);
    return launch.run();
}

void add_options(CLI::App& command, Folder& folder) {
    const auto port = CLI::Range(1, 65535);
    const auto model = CLI::IsMember({"event", "fork", "iterative"});
    command.add_option("folder", folder.path, "The folder")->capture_default_str();
    command.add_option("-p,--port", folder.port, "The TCP port")->capture_default_str()->check(port)->take_last();
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
    command.add_flag("--tls", folder.tls, "Serve over https, with a certificate of your own authority: how to trust it is printed");
    auto* const certificate = command.add_option("--cert", folder.certificate_file, "... with this certificate (PEM)");
    auto* const key = command.add_option("--key", folder.key_file, "... and its key (PEM)");
    certificate->needs(key);
    key->needs(certificate);
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
        return command.exit(error) == 0 ? 0 : wrong_usage;
    }
    if (!folder.certificate_file.empty()) folder.tls = true;
    if (listing->empty()) folder.listing = !folder.spa;
    hide_password(words, folder.auth);
    return run(folder);
}

}  // namespace webserv::app
