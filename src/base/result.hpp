// base/result.hpp: how an expected failure travels: as a value, with blame attached.
// An Error is what the kernel or a peer did to us; parsers return closed enums of their own.
#pragma once

#include <cerrno>
#include <expected>
#include <string>
#include <system_error>

namespace webserv {

/// Who has to change something before the same request can succeed.
enum class Blame : unsigned char { downstream, upstream, ourselves };

struct Error {
    std::errc code;                  ///< what happened, in errno's vocabulary
    Blame blame = Blame::ourselves;  ///< chooses the answer: 4xx, 502/504 or 500
    const char* doing = "";          ///< the step that failed, e.g. "connect"; a literal, never allocated

    bool operator==(const Error& other) const { return code == other.code && blame == other.blame; }
};

template <class T = void, class E = Error>
using Result = std::expected<T, E>;

/// The failure of the system call that has just set errno.
[[nodiscard]] inline std::unexpected<Error> failed(const char* doing, Blame blame = Blame::ourselves) {
    return std::unexpected{Error{std::errc{errno}, blame, doing}};
}

/// "connect: Connection refused", for log lines and messages.
[[nodiscard]] std::string describe(const Error& error);

/// "(2: No such file or directory)", the form of nginx's log lines.
[[nodiscard]] std::string describe_errno(int number);

}  // namespace webserv
