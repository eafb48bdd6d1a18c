// sys/tree.hpp: files and folders copied, moved and removed as a whole.
// All of it may take long, for it takes as many calls as there are files: not for an event loop.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace webserv::sys {

/// Copies a file's octets, mode and time. The copy appears under its name when it is complete, in place of what was there.
[[nodiscard]] Result<> copy_file(const std::string& from, const std::string& to);

/// rename(2); where that leads to another file system, a copy. What was there before is replaced in one step.
[[nodiscard]] Result<> move_file(const std::string& from, const std::string& to);

/// A folder with all that is in it, into a new one. A link to a file becomes a file; one to a folder is left out. Errors also:
/// too_many_links beyond 256 levels.
[[nodiscard]] Result<> copy_tree(const std::string& from, const std::string& to);

/// A folder with all that is in it; links are removed, not followed.
[[nodiscard]] Result<> remove_tree(const std::string& path);

/// Creates the folders above `path` that are missing, with this mode less the umask.
[[nodiscard]] Result<> make_folders_above(const std::string& path, std::uint32_t mode);

}  // namespace webserv::sys
