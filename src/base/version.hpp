// base/version.hpp: what this is called, and which nginx's configuration it speaks.
// The build reads the version from here, so it stands in one place.
#pragma once

namespace webserv {

inline constexpr const char* version = "0.1.0";
inline constexpr const char* product = "webserv/0.1.0";  ///< the Server field and the pages' foot
inline constexpr const char* nginx_version = "1.31.4";

}  // namespace webserv
