// app/system_loader.cpp: the questions, asked of the system.
// What it answers is kept by a RecordingLoader; here nothing is remembered.
#include "app/system_loader.hpp"

#include <glob.h>
#include <netdb.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "sys/address.hpp"
#include "sys/environment.hpp"
#include "sys/file.hpp"
#include "sys/user.hpp"

namespace webserv::app {

Result<std::string> SystemLoader::read(const std::string& path) { return sys::read_whole(path.c_str()); }

Result<std::vector<std::string>> SystemLoader::glob(const std::string& pattern) {
    glob_t matches{};
    const int outcome = ::glob(pattern.c_str(), 0, nullptr, &matches);
    const std::unique_ptr<glob_t, void (*)(glob_t*)> owner{&matches, ::globfree};
    if (outcome == GLOB_NOMATCH) return std::vector<std::string>{};
    if (outcome != 0) return std::unexpected{Error{std::errc::io_error, Blame::ourselves, "glob"}};
    return std::vector<std::string>(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
}

Result<config::UserIdentity> SystemLoader::user(const std::string& name, const std::string& group) {
    const auto user = sys::find_user(name);
    if (!user) return std::unexpected{user.error()};
    config::UserIdentity identity{.user = user->user, .group = user->group};
    // As in nginx: without a second word the group is the one that is called like the user.
    const auto found = sys::find_group(group.empty() ? name : group);
    if (found) {
        identity.group = *found;
    } else if (!group.empty()) {
        return std::unexpected{found.error()};
    }
    return identity;
}

Result<std::vector<std::string>> SystemLoader::resolve(const std::string& host) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* first = nullptr;
    if (::getaddrinfo(host.c_str(), nullptr, &hints, &first) != 0) {
        return std::unexpected{Error{std::errc::no_such_file_or_directory, Blame::ourselves, "getaddrinfo"}};
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner{first, ::freeaddrinfo};
    std::vector<std::string> addresses;
    for (const addrinfo* entry = first; entry != nullptr; entry = entry->ai_next) {
        const std::string literal = sys::Address::from(entry->ai_addr, entry->ai_addrlen).host();
        if (std::find(addresses.begin(), addresses.end(), literal) == addresses.end()) addresses.push_back(literal);
    }
    return addresses;
}

Result<std::optional<std::string>> SystemLoader::environment(const std::string& name) { return sys::environment_variable(name.c_str()); }

std::string SystemLoader::hostname() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

bool SystemLoader::is_root() { return ::geteuid() == 0; }

}  // namespace webserv::app
