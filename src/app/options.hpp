// app/options.hpp: nginx's command line: -c -p -g -e -t -T -q -s -v -V -h.
// Paths come out absolute: nothing later depends on the working directory.
#pragma once

#include <expected>
#include <span>
#include <string>

namespace webserv::app {

struct Options {
    std::string conf;        ///< -c, as given; empty: see default_conf()
    std::string prefix;      ///< -p, as given; empty: see default_prefix()
    std::string directives;  ///< -g
    std::string error_log;   ///< -e
    std::string signal;      ///< -s
    bool test = false;       ///< -t
    bool dump = false;       ///< -T: test, and print every file that was read
    bool quiet = false;      ///< -q: no messages but errors when testing
    bool version = false;    ///< -v
    bool build = false;      ///< -V
    bool help = false;       ///< -h, -?

    // Derived: absolute paths.
    std::string prefix_path;  ///< ends with '/'
    std::string conf_path;
    std::string error_log_path;  ///< empty, absolute, or "stderr"
};

/// Parses the words after the program's name. The error is nginx's message, e.g. `option "-c" requires file name`.
[[nodiscard]] std::expected<Options, std::string> parse_options(std::span<char* const> words);

/// What -h prints, and -V.
[[nodiscard]] std::string help_text();
[[nodiscard]] std::string build_text();

}  // namespace webserv::app
