// sys/memory_file.hpp: octets in a file without a name, handed to other processes as a descriptor.
// Sealed: whoever gets it can rely on what it holds.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace webserv::sys {

/// A file in memory that holds `content` and can never change again; close-on-exec. memfd_create(2), F_ADD_SEALS.
[[nodiscard]] Result<Fd> make_memory_file(const char* name, std::string_view content);

/// All that such a file holds. Errors: operation_not_permitted if it is not sealed.
[[nodiscard]] Result<std::string> read_memory_file(const Fd& file);

}  // namespace webserv::sys
