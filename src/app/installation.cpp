// app/installation.cpp: PREFIX/sbin/webserv belongs to PREFIX/etc/webserv and PREFIX/var/lib/webserv.
// conf/install.cmake puts them there, by the same rules about /usr and /usr/local.
#include "app/installation.hpp"

#include <filesystem>

namespace webserv::app {
namespace {

constexpr std::string_view program_folder = WEBSERV_SBINDIR;      // from CMake: sbin
constexpr std::string_view settings_folder = WEBSERV_SYSCONFDIR;  // etc
constexpr std::string_view state_folder = WEBSERV_LOCALSTATEDIR;  // var

// Absolute where whoever built this has said so. Distributions say it for /etc and /var, and mean the same by /usr alone.
std::string below(std::string_view prefix, std::string_view folder, bool in_system) {
    if (folder.starts_with('/')) return std::string{folder};
    return std::string{in_system ? "" : prefix}.append("/").append(folder);
}

}  // namespace

std::optional<Installation> installation_of(std::string_view executable) {
    const std::string tail = std::string{"/"}.append(program_folder).append("/");
    const auto slash = executable.rfind('/');
    if (slash == executable.npos || !executable.substr(0, slash + 1).ends_with(tail)) return std::nullopt;
    const std::string_view prefix = executable.substr(0, slash + 1 - tail.size());
    // Below /usr nothing may change while the system runs, so logs and the pid file are outside of it.
    const bool is_usr = prefix == "/usr";
    Installation found{.conf = below(prefix, settings_folder, is_usr) + "/webserv/webserv.conf",
                       .state = below(prefix, state_folder, is_usr || prefix == "/usr/local") + "/lib/webserv/"};
    std::error_code ignored;
    if (!std::filesystem::exists(found.conf, ignored)) return std::nullopt;
    return found;
}

std::optional<Installation> own_installation() {
    std::error_code error;
    const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
    if (error) return std::nullopt;
    return installation_of(path.string());
}

}  // namespace webserv::app
