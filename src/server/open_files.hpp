// server/open_files.hpp: files that were served lately, kept open with what every response about them needs; and names of none.
// Never stale: a lookup asks stat(2), unless the path is watched and nothing has happened to it; and small files are mapped, so that
// their octets are the page cache's own.
#pragma once

#include <cstdint>
#include <ctime>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.hpp"
#include "server/path_watch.hpp"
#include "sys/fd.hpp"
#include "sys/file.hpp"

namespace webserv::server {

/// One regular file, open for reading. Lives as long as an exchange uses it, also after the name is gone.
struct OpenFile {
    sys::Fd descriptor;  ///< closed again if there is a mapping: that is enough
    sys::FileStatus status;
    std::optional<sys::Mapping> mapping;  ///< of small files; only the kernel may read it (see sys::Mapping)
    char etag[40] = {};                   ///< "hex(mtime)-hex(size)" with its quotes
    std::uint8_t etag_bytes = 0;

    [[nodiscard]] std::string_view entity_tag() const noexcept { return {etag, etag_bytes}; }
};

class OpenFiles {
public:
    /// @param loop  the one whose turns turn_ended() means; null: nobody tells what happens to files, so it is asked for
    explicit OpenFiles(io::Loop* loop = nullptr) noexcept : watch_{loop} {}

    /// What a path names. `file` is set for regular files only.
    struct Found {
        sys::FileStatus status;
        std::shared_ptr<const OpenFile> file;
    };
    /// Errors: those of stat(2) and open(2).
    [[nodiscard]] Result<Found> open(std::string_view path);
    /// The same for a file that is not kept: nobody but the caller has it.
    [[nodiscard]] static Result<Found> open_once(const char* path);
    /// What an open descriptor refers to, with what every response about it needs.
    [[nodiscard]] static Result<Found> describe(sys::Fd descriptor);

    /// What was changed until now is seen by every open() that follows. The first one after this asks the kernel what has happened;
    /// those after it need not. Due whenever somebody may have changed a file and then asked for it within one turn of the loop.
    void expect_changes() noexcept { caught_up_ = false; }
    /// What was changed before the next turn begins is seen by every open() in it: the loop tells, or else the first one asks.
    void turn_ended() noexcept;
    /// For a process that lives for a few requests: each path is asked for with stat(2), always.
    void watch_nothing() noexcept { may_watch_ = false; }

    [[nodiscard]] std::size_t size() const noexcept { return recent_.size(); }
    [[nodiscard]] std::size_t missing() const noexcept { return missing_.size(); }
    [[nodiscard]] std::size_t watched() const noexcept;

private:
    struct Entry {
        Entry(std::string_view name, std::shared_ptr<const OpenFile> opened) : path{name}, file{std::move(opened)} {}
        const std::string path;
        std::shared_ptr<const OpenFile> file;  // null: there is nothing of that name
        std::int64_t checked = 0;              // second of the last stat
        unsigned hits = 0;                     // since it was opened, or touched
        unsigned hits_before_watch = 3;        // what is asked for often is worth a watch; what changes often less and less
        WatchedPath watched;
    };
    using Recent = std::list<Entry>;                                        // the one used last stands first
    using ByPath = std::unordered_map<std::string_view, Recent::iterator>;  // keys point into the entries
    void catch_up();
    void look_at_clock() noexcept;
    [[nodiscard]] Result<Found> ask(std::string_view path, ByPath::iterator known);
    [[nodiscard]] Result<Found> open_unknown(std::string_view path, const char* name);
    [[nodiscard]] Result<Found> use(Recent::iterator entry);
    void remember(std::string_view path, std::shared_ptr<const OpenFile> file);
    void consider_watching(Entry& entry, const char* name);
    void forget(Recent::iterator entry);
    [[nodiscard]] Recent& list_of(const Entry& entry) noexcept { return entry.file ? recent_ : missing_; }

    PathWatch watch_;
    bool may_watch_ = true;
    bool caught_up_ = false;
    bool second_is_known_ = false;
    std::int64_t second_ = 0;  // of this turn, on a clock that never goes back
    Recent recent_;
    Recent missing_;  // apart: whoever asks for many names of nothing must not drive out files
    ByPath by_path_;
};

}  // namespace webserv::server
