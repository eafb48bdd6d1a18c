// sys/temporary.hpp: a file with a numbered name in a folder for temporary files, removed when its owner is done.
// Folders below may be fanned out by the last digits of the number, as nginx's *_temp_path levels do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace webserv::sys {

/// mkdir -p: creates what is missing of a path; the last folder with mode 0700, those above with 0755. Errors: those of mkdir(2).
[[nodiscard]] Result<> make_folders(const std::string& path);

/// Gives a path to a user. chown(2).
[[nodiscard]] Result<> give_to(const std::string& path, unsigned user, unsigned group);

class TemporaryFile {
public:
    /// Creates FOLDER/levels/0000000001 or the next number that is free, mode 0600.
    /// @param levels  digits of the number that name each level of subfolders, from its end: {1, 2} gives "1/00/0000000001"
    [[nodiscard]] static Result<TemporaryFile> create(const std::string& folder, const std::vector<unsigned>& levels);
    TemporaryFile(TemporaryFile&& other) noexcept;
    TemporaryFile& operator=(TemporaryFile&&) = delete;
    ~TemporaryFile();

    void keep() noexcept { kept_ = true; }  ///< it stays when its owner is done
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] const Fd& file() const noexcept { return file_; }

private:
    TemporaryFile(std::string path, Fd file) noexcept;
    std::string path_;
    Fd file_;
    bool kept_ = false;
};

}  // namespace webserv::sys
