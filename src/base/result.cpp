// base/result.cpp: errors in words.
// The words are those of the C library, as in nginx's log lines.
#include "base/result.hpp"

#include <fmt/format.h>

namespace webserv {

std::string describe(const Error& error) {
    return fmt::format("{}: {}", error.doing, std::generic_category().message(static_cast<int>(error.code)));
}

std::string describe_errno(int number) { return fmt::format("({}: {})", number, std::generic_category().message(number)); }

}  // namespace webserv
