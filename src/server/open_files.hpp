// server/open_files.hpp: files that were served lately, kept open with what every response about them needs.
// Never stale: each lookup asks stat(2), and small files are mapped, so that their octets are the page cache's own.
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
#include "server/virtual_host.hpp"
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
    /// What a path names. `file` is set for regular files only.
    struct Found {
        sys::FileStatus status;
        std::shared_ptr<const OpenFile> file;
    };
    /// Errors: those of stat(2) and open(2).
    [[nodiscard]] Result<Found> open(std::string_view path);

    [[nodiscard]] std::size_t size() const noexcept { return recent_.size(); }

private:
    struct Entry {
        std::string path;
        std::shared_ptr<const OpenFile> file;
    };
    using Recent = std::list<Entry>;  // the one used last stands first
    void forget(Recent::iterator entry);
    [[nodiscard]] Result<std::shared_ptr<const OpenFile>> open_anew(const char* path);

    Recent recent_;
    std::unordered_map<std::string_view, Recent::iterator> by_path_;  // keys point into recent_
};

}  // namespace webserv::server
