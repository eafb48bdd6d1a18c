// sys/tree.cpp: std::filesystem with its errors as values, and with what it does not do: times, and copies that appear at once.
// A copy is made beside its place under a name of its own, then renamed.
#include "sys/tree.hpp"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <system_error>

#include "sys/fd.hpp"
#include "sys/file.hpp"

namespace webserv::sys {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t copied_at_once = 1U << 30;
constexpr int levels_max = 256;  // deeper than any path that the kernel takes at once; ends a copy into itself

std::unexpected<Error> failed_with(const std::error_code& error, const char* doing) {
    return std::unexpected{Error{std::errc{error.value()}, Blame::ourselves, doing}};
}

// On the same file system, so that a rename will do; the process id keeps processes apart.
std::string name_beside(const std::string& path) {
    static std::atomic<unsigned> number{0};
    return path + "." + std::to_string(::getpid()) + "." + std::to_string(++number);
}

// The mode is the original's less what the umask takes away, as cp has it.
Result<> copy_octets(const std::string& from, const std::string& to) {
    const auto source = open_for_reading(from.c_str());
    if (!source) return std::unexpected{source.error()};
    struct stat status{};
    if (::fstat(source->get(), &status) < 0) return failed("fstat");
    if (!S_ISREG(status.st_mode)) return std::unexpected{Error{std::errc::invalid_argument, Blame::ourselves, "copy"}};
    const Fd target{::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, status.st_mode & 0777)};
    if (!target) return failed("open");
    for (;;) {
        const ssize_t count = ::sendfile(target.get(), source->get(), nullptr, copied_at_once);
        if (count < 0) return failed("sendfile");
        if (count == 0) break;
    }
    const timespec times[] = {status.st_atim, status.st_mtim};
    if (::futimens(target.get(), times) < 0) return failed("futimens");
    return {};
}

}  // namespace

Result<> copy_file(const std::string& from, const std::string& to) {
    const std::string beside = name_beside(to);
    std::error_code error;
    if (auto copied = copy_octets(from, beside); !copied) {
        fs::remove(beside, error);
        return copied;
    }
    fs::rename(beside, to, error);
    if (!error) return {};
    std::error_code ignored;
    fs::remove(beside, ignored);
    return failed_with(error, "rename");
}

Result<> move_file(const std::string& from, const std::string& to) {
    std::error_code error;
    fs::rename(from, to, error);
    if (!error) return {};
    if (error != std::errc::cross_device_link) return failed_with(error, "rename");
    if (auto copied = copy_file(from, to); !copied) return copied;
    fs::remove(from, error);
    if (error) return failed_with(error, "unlink");
    return {};
}

Result<> copy_tree(const std::string& from, const std::string& to) {
    std::error_code error;
    fs::create_directory(to, from, error);
    if (error) return failed_with(error, "mkdir");
    fs::recursive_directory_iterator entry{from, error}, end;
    if (error) return failed_with(error, "opendir");
    for (; entry != end; entry.increment(error)) {
        if (error) return failed_with(error, "readdir");
        if (entry.depth() > levels_max) return std::unexpected{Error{std::errc::too_many_links, Blame::ourselves, "copy"}};
        const fs::path target = fs::path{to} / entry->path().lexically_relative(from);
        const bool is_link = entry->is_symlink(error);
        const auto kind = entry->status(error).type();
        if (kind == fs::file_type::not_found) error.clear();  // a link to nothing
        if (error) return failed_with(error, "stat");
        if (kind == fs::file_type::directory && is_link) continue;  // it may lead to where we are
        if (kind == fs::file_type::directory) {
            fs::create_directory(target, entry->path(), error);
            if (error) return failed_with(error, "mkdir");
        } else if (kind == fs::file_type::regular) {
            if (auto copied = copy_octets(entry->path(), target); !copied) return copied;
        }
    }
    if (error) return failed_with(error, "readdir");
    return {};
}

Result<> remove_tree(const std::string& path) {
    std::error_code error;
    fs::remove_all(path, error);
    if (error) return failed_with(error, "rmdir");
    return {};
}

Result<> make_folders_above(const std::string& path, std::uint32_t mode) {
    for (auto slash = path.find('/', 1); slash != path.npos; slash = path.find('/', slash + 1)) {
        const std::string folder = path.substr(0, slash);
        if (::mkdir(folder.c_str(), mode) == 0) continue;
        const Error error = failed("mkdir").error();  // there is no right to make what is there already, or it is no folder
        const auto status = status_of(folder.c_str());
        if (!status) return std::unexpected{error};
        if (!status->is_directory()) return std::unexpected{Error{std::errc::not_a_directory, Blame::ourselves, "mkdir"}};
    }
    return {};
}

}  // namespace webserv::sys
