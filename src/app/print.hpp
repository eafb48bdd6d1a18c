// app/print.hpp: messages to the person who started us.
// They never fail: a closed or full terminal is no reason to end, nor to throw.
#pragma once

#include <string_view>

namespace webserv::app {

void print(std::string_view text) noexcept;        ///< standard output
void print_error(std::string_view text) noexcept;  ///< standard error

/// Whether standard output, or standard error, is a terminal of somebody who likes colours.
[[nodiscard]] bool wants_colours() noexcept;
[[nodiscard]] bool wants_colours_in_errors() noexcept;

}  // namespace webserv::app
