// server/open_files.cpp: lookup, revalidation, and the bound on how many stay open.
// A hit costs one stat(2); a miss opens, states and maps.
#include "server/open_files.hpp"

#include <fcntl.h>
#include <limits.h>

#include <cstdio>
#include <cstring>

namespace webserv::server {
namespace {

// A worker keeps at most this many descriptors for files: a busy site's hot set, far below the usual descriptor limits.
constexpr std::size_t files_max = 512;

// Below this a copy out of the page cache in the same writev as the head is cheaper than a sendfile of its own (measured).
constexpr std::uint64_t mapped_bytes_max = 32U << 10;

bool out_of_descriptors(const Error& error) {
    return error.code == std::errc::too_many_files_open || error.code == std::errc::too_many_files_open_in_system;
}

}  // namespace

Result<OpenFiles::Found> OpenFiles::open(std::string_view path) {
    char name[PATH_MAX];
    if (path.size() >= sizeof name) return std::unexpected{Error{std::errc::filename_too_long, Blame::downstream, "stat"}};
    std::memcpy(name, path.data(), path.size());
    name[path.size()] = '\0';

    const auto known = by_path_.find(path);
    const auto status = sys::status_of(name);
    if (known != by_path_.end()) {
        const Recent::iterator entry = known->second;
        if (status && entry->file->status == *status) {
            recent_.splice(recent_.begin(), recent_, entry);
            return Found{*status, entry->file};
        }
        forget(entry);
    }
    if (!status) return std::unexpected{status.error()};
    if (!status->is_regular()) return Found{*status, nullptr};

    auto file = open_anew(name);
    // Whoever has run out of descriptors needs them more for this file than for those that nobody asks for now.
    while (!file && out_of_descriptors(file.error()) && !recent_.empty()) {
        forget(std::prev(recent_.end()));
        file = open_anew(name);
    }
    if (!file) return std::unexpected{file.error()};
    if (!(*file)->status.is_regular()) return Found{(*file)->status, nullptr};  // replaced in between
    if (recent_.size() >= files_max) forget(std::prev(recent_.end()));
    recent_.push_front({std::string{path}, *file});
    by_path_.emplace(recent_.front().path, recent_.begin());
    return Found{(*file)->status, std::move(*file)};
}

void OpenFiles::forget(Recent::iterator entry) {
    by_path_.erase(entry->path);
    recent_.erase(entry);
}

Result<std::shared_ptr<const OpenFile>> OpenFiles::open_anew(const char* path) {
    auto descriptor = sys::open_for_reading(path);
    if (!descriptor) return std::unexpected{descriptor.error()};
    const auto status = sys::status_of(*descriptor);
    if (!status) return std::unexpected{status.error()};

    auto file = std::make_shared<OpenFile>();
    file->descriptor = std::move(*descriptor);
    file->status = *status;
    const int written =
        std::snprintf(file->etag, sizeof file->etag, "\"%llx-%llx\"", static_cast<unsigned long long>(status->modified_seconds),
                      static_cast<unsigned long long>(status->size));
    file->etag_bytes = static_cast<std::uint8_t>(written);
    if (status->is_regular() && status->size > 0 && status->size <= mapped_bytes_max) {
        // Without a mapping (a file system that has none) the file is sent as any large one.
        if (auto mapping = sys::Mapping::of(file->descriptor, status->size)) {
            file->mapping.emplace(std::move(*mapping));
            file->descriptor.reset();
        }
    }
    return std::shared_ptr<const OpenFile>{std::move(file)};
}

}  // namespace webserv::server
