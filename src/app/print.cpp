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

// https://no-color.org: a set NO_COLOR turns colours off.
bool is_coloured_terminal(int descriptor) noexcept { return ::isatty(descriptor) == 1 && std::getenv("NO_COLOR") == nullptr; }

}  // namespace

void print(std::string_view text) noexcept { write_to(STDOUT_FILENO, text); }
void print_error(std::string_view text) noexcept { write_to(STDERR_FILENO, text); }

bool wants_colours() noexcept {
    static const bool wanted = is_coloured_terminal(STDOUT_FILENO);
    return wanted;
}

bool wants_colours_in_errors() noexcept {
    static const bool wanted = is_coloured_terminal(STDERR_FILENO);
    return wanted;
}

}  // namespace webserv::app
