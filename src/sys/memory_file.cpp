// sys/memory_file.cpp: memfd_create(2) with its seals.
// Reads by offset, because every process shares one file position.
#include "sys/memory_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "sys/file.hpp"

namespace webserv::sys {
namespace {

constexpr int all_seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

}  // namespace

Result<Fd> make_memory_file(const char* name, std::string_view content) {
    Fd file{::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    if (!file) return failed("memfd_create");
    if (const auto written = write_all(file, content); !written) return std::unexpected{written.error()};
    if (::fcntl(file.get(), F_ADD_SEALS, all_seals) < 0) return failed("fcntl");
    return file;
}

Result<std::string> read_memory_file(const Fd& file) {
    const int seals = ::fcntl(file.get(), F_GET_SEALS);
    if (seals < 0) return failed("fcntl");
    if ((seals & all_seals) != all_seals) return std::unexpected{Error{.code = std::errc::operation_not_permitted, .doing = "F_GET_SEALS"}};
    struct stat status{};
    if (::fstat(file.get(), &status) < 0) return failed("fstat");
    std::string content(static_cast<std::size_t>(status.st_size), '\0');
    for (std::size_t have = 0; have < content.size();) {
        const ssize_t count = ::pread(file.get(), content.data() + have, content.size() - have, static_cast<off_t>(have));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return failed("pread");
        have += static_cast<std::size_t>(count);
    }
    return content;
}

}  // namespace webserv::sys
