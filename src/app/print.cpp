// app/print.cpp: write(2) until all is out or it fails.
// Unbuffered, so that messages of ours and of our children come in order.
#include "app/print.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace webserv::app {
namespace {

void write_to(int descriptor, std::string_view text) noexcept {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

}  // namespace

void print(std::string_view text) noexcept { write_to(STDOUT_FILENO, text); }
void print_error(std::string_view text) noexcept { write_to(STDERR_FILENO, text); }

bool wants_colours() noexcept {
    // https://no-color.org: a set NO_COLOR turns colours off.
    static const bool wanted = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
    return wanted;
}

}  // namespace webserv::app
