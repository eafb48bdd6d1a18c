// http/user_agent.hpp: which client this is, as far as old habits of browsers matter: by the User-Agent field.
// Known by the same words as nginx knows them.
#pragma once

#include <string_view>

namespace webserv::http {

[[nodiscard]] bool is_msie6(std::string_view user_agent) noexcept;   ///< Internet Explorer 4 to 6, but not 6 with its second service pack
[[nodiscard]] bool is_safari(std::string_view user_agent) noexcept;  ///< on Mac OS X

}  // namespace webserv::http
