// server/find_file.cpp: from the files that are open anyway; or, where links matter, by a walk of its own for each request.
// A file that was found by a walk is not kept: its name would have to be walked again to be believed.
#include "server/find_file.hpp"

#include <optional>
#include <string>
#include <utility>

#include "server/exchange.hpp"
#include "server/worker.hpp"
#include "sys/symlinks.hpp"

namespace webserv::server {
namespace {

/// How much of the path `from=` covers; nothing: all of it, so no link is minded.
std::optional<std::size_t> trusted_octets(std::string_view path, std::string_view from) {
    if (from.empty() || !path.starts_with(from)) return 0;
    if (from.size() == path.size()) return std::nullopt;
    if (path[from.size()] == '/') return from.size();
    return from.ends_with('/') ? from.size() - 1 : 0;  // a part of a name covers nothing
}

Result<OpenFiles::Found> find_through_links(Exchange& exchange, std::string_view path) {
    if (exchange.settings<OpenFileSettings>().keeps) return exchange.worker.files.open(path);
    return OpenFiles::open_once(std::string{path}.c_str());
}

/// How this location minds links on the way to `path`.
struct Walk {
    sys::SymlinkRule rule = sys::SymlinkRule::follow;
    std::size_t trusted = 0;
};

Walk walk_to(Exchange& exchange, std::string_view path) {
    const auto& settings = exchange.settings<FileReadingSettings>();
    if (settings.symlinks == sys::SymlinkRule::follow) return {};
    const auto trusted = trusted_octets(path, exchange.evaluate(settings.symlinks_from));
    return trusted ? Walk{settings.symlinks, *trusted} : Walk{};
}

}  // namespace

Result<OpenFiles::Found> find_file(Exchange& exchange, std::string_view path) {
    const Walk walk = walk_to(exchange, path);
    if (walk.rule == sys::SymlinkRule::follow) return find_through_links(exchange, path);
    auto descriptor = sys::open_for_reading(path, walk.rule, walk.trusted);
    if (!descriptor) return std::unexpected{descriptor.error()};
    return OpenFiles::describe(std::move(*descriptor));
}

Result<sys::FileStatus> find_status(Exchange& exchange, std::string_view path) {
    const Walk walk = walk_to(exchange, path);
    if (walk.rule == sys::SymlinkRule::follow) return sys::status_of(std::string{path}.c_str());
    return sys::status_of(path, walk.rule, walk.trusted);
}

}  // namespace webserv::server
