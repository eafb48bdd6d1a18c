// sys/temporary.cpp: numbered names, and folders made when they are first needed.
// Workers and servers may share a folder: a name that is taken is passed over.
#include "sys/temporary.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace webserv::sys {
namespace {

constexpr int attempts_max = 1000;  // names taken by other workers or left behind by a killed one

std::string numbered_path(const std::string& folder, const std::vector<unsigned>& levels, std::uint32_t number) {
    char digits[16];
    const auto count = static_cast<std::size_t>(std::snprintf(digits, sizeof digits, "%010u", number));
    const std::string name{digits, count};
    std::string path = folder;
    std::size_t end = name.size();
    for (const unsigned width : levels) {
        end -= width;
        path += '/' + name.substr(end, width);
    }
    return path + '/' + name;
}

Result<Fd> create_new(const std::string& path) {
    Fd file{::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (!file) return failed("open");
    return file;
}

}  // namespace

Result<> make_folders(const std::string& path) {
    for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
        const mode_t mode = slash == path.npos ? 0700 : 0755;  // only the last one may be private: others must pass through the rest
        if (::mkdir(path.substr(0, slash).c_str(), mode) < 0 && errno != EEXIST) return failed("mkdir");
        if (slash == path.npos) return {};
    }
}

Result<> give_to(const std::string& path, unsigned user, unsigned group) {
    if (::chown(path.c_str(), user, group) < 0) return failed("chown");
    return {};
}

Result<TemporaryFile> TemporaryFile::create(const std::string& folder, const std::vector<unsigned>& levels) {
    static std::uint32_t next = 0;  // of this process; collisions with others are tried past
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        std::string path = numbered_path(folder, levels, ++next);
        auto file = create_new(path);
        if (!file && file.error().code == std::errc::no_such_file_or_directory) {
            if (auto made = make_folders(path.substr(0, path.rfind('/'))); !made) return std::unexpected{made.error()};
            file = create_new(path);
        }
        if (file) return TemporaryFile{std::move(path), std::move(*file)};
        if (file.error().code != std::errc::file_exists) return std::unexpected{file.error()};
    }
    return std::unexpected{Error{std::errc::file_exists, Blame::ourselves, "open"}};
}

TemporaryFile::TemporaryFile(std::string path, Fd file) noexcept : path_{std::move(path)}, file_{std::move(file)} {}

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept
    : path_{std::exchange(other.path_, {})}, file_{std::move(other.file_)}, kept_{other.kept_} {}

TemporaryFile::~TemporaryFile() {
    if (!path_.empty() && !kept_) ::unlink(path_.c_str());
}

}  // namespace webserv::sys
