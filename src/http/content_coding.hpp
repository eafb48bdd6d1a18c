// http/content_coding.hpp: the gzip coding (RFC 9110 section 8.4.1.3, RFC 1952).
// The one place that knows the library.
#pragma once

#include <string>
#include <string_view>

namespace webserv::http {

/// One complete gzip member. Members may follow each other in a file: readers see one text (RFC 1952 section 2.2).
/// @param level  1, fastest, to 9, smallest
[[nodiscard]] std::string gzip_member(std::string_view bytes, int level);

}  // namespace webserv::http
