// modules/dav_files.hpp: what the methods of WebDAV do to files: for a helper thread, since each may take long.
// Statuses are nginx's; what went wrong comes back as a line for the log.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>

namespace webserv::modules::dav {

struct Done {
    int status = 0;
    std::string complaint{};  ///< "" if all went well
};

struct Access {
    std::uint32_t file = 0600;
    /// Who may read a folder may also enter it.
    [[nodiscard]] std::uint32_t folder() const noexcept { return file | (file & 0444U) >> 2; }
};

/// Puts a file that is complete in its place.
struct Put {
    std::string temporary;
    std::string path;
    Access access{};
    bool makes_folders = false;
    std::optional<std::time_t> modified{};
};
[[nodiscard]] Done put(const Put& request);

/// @param path  without the slash that the request may have ended with  @param as_collection  whether it did
/// @param depth  nothing: infinity
[[nodiscard]] Done remove(const std::string& path, bool as_collection, std::optional<unsigned> depth);

[[nodiscard]] Done make_collection(const std::string& path, Access access);

struct Transfer {
    std::string from;
    std::string to;
    bool as_collection = false;  ///< both ended in a slash
    bool overwrites = true;
    bool moves = false;
    Access access{};
};
[[nodiscard]] Done transfer(const Transfer& request);

}  // namespace webserv::modules::dav
