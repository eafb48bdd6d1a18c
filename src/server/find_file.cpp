// server/find_file.cpp: from the files that are open anyway; or, where links matter, by a walk of its own for each request.
// A file that was found by a walk is not kept: its name would have to be walked again to be believed.
#include "server/find_file.hpp"

#include <cstdio>
#include <optional>
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

std::shared_ptr<const OpenFile> keep(sys::Fd descriptor, const sys::FileStatus& status) {
    auto file = std::make_shared<OpenFile>();
    file->descriptor = std::move(descriptor);
    file->status = status;
    const int written =
        std::snprintf(file->etag, sizeof file->etag, "\"%llx-%llx\"", static_cast<unsigned long long>(status.modified_seconds),
                      static_cast<unsigned long long>(status.size));
    file->etag_bytes = static_cast<std::uint8_t>(written);
    return file;
}

}  // namespace

Result<OpenFiles::Found> find_file(Exchange& exchange, std::string_view path) {
    const auto& settings = exchange.settings<FileReadingSettings>();
    if (settings.symlinks == sys::SymlinkRule::follow) return exchange.worker.files.open(path);
    const auto trusted = trusted_octets(path, exchange.evaluate(settings.symlinks_from));
    if (!trusted) return exchange.worker.files.open(path);
    auto descriptor = sys::open_for_reading(path, settings.symlinks, *trusted);
    if (!descriptor) return std::unexpected{descriptor.error()};
    const auto status = sys::status_of(*descriptor);
    if (!status) return std::unexpected{status.error()};
    if (!status->is_regular()) return OpenFiles::Found{*status, nullptr};
    return OpenFiles::Found{*status, keep(std::move(*descriptor), *status)};
}

}  // namespace webserv::server
