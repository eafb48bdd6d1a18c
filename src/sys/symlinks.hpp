// sys/symlinks.hpp: opening a file, or looking at it, without following symbolic links, or only those whose owner owns what they name.
// Folder by folder, each opened within the one before: so nobody can put a link in between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.hpp"
#include "sys/fd.hpp"
#include "sys/file.hpp"

namespace webserv::sys {

enum class SymlinkRule : std::uint8_t { follow, refuse, same_owner };

/// Opens for reading, non-blocking and close-on-exec. openat(2).
/// @param trusted  octets at the beginning of `path`, up to before a slash, whose links are followed in any case; 0: none
/// Errors: those of openat(2); too_many_symbolic_link_levels where the last name is a link that is refused, or has another owner;
/// not_a_directory where a folder's is refused.
[[nodiscard]] Result<Fd> open_for_reading(std::string_view path, SymlinkRule rule, std::size_t trusted = 0);
/// stat(2) by the same walk; the file need not be readable.
[[nodiscard]] Result<FileStatus> status_of(std::string_view path, SymlinkRule rule, std::size_t trusted = 0);

}  // namespace webserv::sys
