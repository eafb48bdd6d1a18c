// server/open_files.cpp: lookup, revalidation, and the bound on how many stay open.
// A hit costs one stat(2), or nothing if the path is watched; a miss opens, states and maps.
#include "server/open_files.hpp"

#include <fcntl.h>
#include <limits.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace webserv::server {
namespace {

// A worker keeps at most this many descriptors for files: a busy site's hot set, far below the usual descriptor limits.
constexpr std::size_t files_max = 512;
constexpr std::size_t missing_max = 256;

// Below this a copy out of the page cache in the same writev as the head is cheaper than a sendfile of its own (measured).
constexpr std::uint64_t mapped_bytes_max = 32U << 10;

// A watch costs a dozen system calls to set up. It pays after as many hits; a file that is written all the time never gets there.
constexpr unsigned hits_before_watch_max = 4096;

bool out_of_descriptors(const Error& error) {
    return error.code == std::errc::too_many_files_open || error.code == std::errc::too_many_files_open_in_system;
}

/// Whether the file that is kept, or the lack of one (null), is what the name stands for now.
bool is_as_before(const Result<sys::FileStatus>& status, const OpenFile* file) {
    if (file == nullptr) return !status && status.error().code == std::errc::no_such_file_or_directory;
    return status && *status == file->status;
}

// Without a look before: the name was a regular file's a moment ago. A pipe that has taken its place hangs nobody.
Result<OpenFiles::Found> open_now(const char* path) {
    auto descriptor = sys::open_for_reading(path);
    if (!descriptor) return std::unexpected{descriptor.error()};
    return OpenFiles::describe(std::move(*descriptor));
}

}  // namespace

Result<OpenFiles::Found> OpenFiles::open(std::string_view path) {
    if (!second_is_known_) look_at_clock();
    if (!caught_up_ || watch_.has_news()) catch_up();
    const auto known = by_path_.find(path);
    if (known == by_path_.end()) return ask(path, known);
    const Recent::iterator entry = known->second;
    // Once a second it is asked all the same: mounts, and writes through a mapping, are told to nobody.
    if (!entry->watched.untouched() || entry->checked != second_) return ask(path, known);
    return use(entry);
}

void OpenFiles::catch_up() {
    watch_.catch_up();
    caught_up_ = true;
}

void OpenFiles::look_at_clock() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    second_ = now.tv_sec;
    second_is_known_ = true;
}

void OpenFiles::turn_ended() noexcept {
    second_is_known_ = false;
    if (!watch_.is_told()) caught_up_ = false;
}

Result<OpenFiles::Found> OpenFiles::ask(std::string_view path, ByPath::iterator known) {
    char name[PATH_MAX];
    if (path.size() >= sizeof name) return std::unexpected{Error{std::errc::filename_too_long, Blame::downstream, "stat"}};
    std::memcpy(name, path.data(), path.size());
    name[path.size()] = '\0';

    const auto status = sys::status_of(name);
    if (known != by_path_.end()) {
        const Recent::iterator entry = known->second;
        if (is_as_before(status, entry->file.get())) {
            entry->checked = second_;
            if (!entry->watched.untouched()) consider_watching(*entry, name);
            return use(entry);
        }
        forget(entry);
    }
    if (!status) {
        if (status.error().code == std::errc::no_such_file_or_directory) remember(path, nullptr);
        return std::unexpected{status.error()};
    }
    if (!status->is_regular()) return Found{*status, nullptr};
    return open_unknown(path, name);
}

Result<OpenFiles::Found> OpenFiles::open_unknown(std::string_view path, const char* name) {
    auto found = open_now(name);
    // Whoever has run out of descriptors needs them more for this file than for those that nobody asks for now.
    while (!found && out_of_descriptors(found.error()) && !recent_.empty()) {
        forget(std::prev(recent_.end()));
        found = open_now(name);
    }
    if (found && found->file) remember(path, found->file);
    return found;
}

Result<OpenFiles::Found> OpenFiles::use(Recent::iterator entry) {
    Recent& list = list_of(*entry);
    list.splice(list.begin(), list, entry);
    if (!entry->file) return std::unexpected{Error{.code = std::errc::no_such_file_or_directory, .doing = "stat"}};
    return Found{entry->file->status, entry->file};
}

void OpenFiles::remember(std::string_view path, std::shared_ptr<const OpenFile> file) {
    Recent& list = file ? recent_ : missing_;
    if (list.size() >= (file ? files_max : missing_max)) forget(std::prev(list.end()));
    list.emplace_front(path, std::move(file));
    by_path_.emplace(list.front().path, list.begin());
}

void OpenFiles::consider_watching(Entry& entry, const char* name) {
    if (!may_watch_ || ++entry.hits < entry.hits_before_watch) return;
    entry.hits = 0;
    entry.hits_before_watch = std::min(entry.hits_before_watch * 2, hits_before_watch_max);
    if (!watch_.watch(entry.path, entry.watched)) return;
    // What changed before the watch was there is seen now; what changes later will be told.
    if (!is_as_before(sys::status_of(name), entry.file.get())) watch_.unwatch(entry.watched);
}

void OpenFiles::forget(Recent::iterator entry) {
    watch_.unwatch(entry->watched);
    by_path_.erase(entry->path);
    list_of(*entry).erase(entry);
}

std::size_t OpenFiles::watched() const noexcept {
    return static_cast<std::size_t>(
        std::count_if(recent_.begin(), recent_.end(), [](const Entry& entry) { return entry.watched.untouched(); }));
}

Result<OpenFiles::Found> OpenFiles::open_once(const char* path) {
    const auto status = sys::status_of(path);
    if (!status) return std::unexpected{status.error()};
    if (!status->is_regular()) return Found{*status, nullptr};
    return open_now(path);
}

Result<OpenFiles::Found> OpenFiles::describe(sys::Fd descriptor) {
    const auto status = sys::status_of(descriptor);
    if (!status) return std::unexpected{status.error()};
    if (!status->is_regular()) return Found{*status, nullptr};

    auto file = std::make_shared<OpenFile>();
    file->descriptor = std::move(descriptor);
    file->status = *status;
    const int written =
        std::snprintf(file->etag, sizeof file->etag, "\"%llx-%llx\"", static_cast<unsigned long long>(status->modified_seconds),
                      static_cast<unsigned long long>(status->size));
    file->etag_bytes = static_cast<std::uint8_t>(written);
    if (status->size > 0 && status->size <= mapped_bytes_max) {
        // Without a mapping (a file system that has none) the file is sent as any large one.
        if (auto mapping = sys::Mapping::of(file->descriptor, status->size)) {
            file->mapping.emplace(std::move(*mapping));
            file->descriptor.reset();
        }
    }
    return Found{*status, std::move(file)};
}

}  // namespace webserv::server
