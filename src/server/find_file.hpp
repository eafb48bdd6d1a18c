// server/find_file.hpp: the file at a path, found as the exchange's location lets it be found (disable_symlinks, open_file_cache).
// What serves files asks here, not the open files themselves.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "server/open_files.hpp"

namespace webserv::server {

class Exchange;

struct OpenFileSettings {
    bool keeps = true;  ///< open_file_cache off: each request opens its file and closes it
};

/// Errors: those of stat(2) and open(2); too_many_symbolic_link_levels or not_a_directory also for a link that is not to be followed.
[[nodiscard]] Result<OpenFiles::Found> find_file(Exchange& exchange, std::string_view path);
/// Whether it is there, and what it is: by the same rules, but it need not be readable.
[[nodiscard]] Result<sys::FileStatus> find_status(Exchange& exchange, std::string_view path);

}  // namespace webserv::server
