// upstream/resolve_error.hpp: why a name has led to no address.
// The same for whoever is asked.
#pragma once

#include <string_view>

namespace webserv::upstream {

enum class ResolveError : unsigned char {
    unknown_host,  ///< nobody knows the name, or it has no address
    no_answer,     ///< the name servers did not answer, or not now
    timed_out,     ///< ... within the deadline
    failed,        ///< something is broken, here or at the name servers
};
/// "is not known", "...": what a message says behind the name.
[[nodiscard]] std::string_view describe(ResolveError error) noexcept;

}  // namespace webserv::upstream
