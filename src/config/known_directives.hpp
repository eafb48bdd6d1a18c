// config/known_directives.hpp: names of directives that exist elsewhere: in nginx, in nginx Plus, in well-known modules.
// They are worth a better answer than "unknown directive".
#pragma once

#include <optional>
#include <string_view>

namespace webserv::config {

struct KnownDirective {
    enum class Origin : unsigned char { nginx, nginx_plus, third_party };
    Origin origin = Origin::nginx;
    std::string_view module = "";  ///< third_party: the module's name
};

/// Where a directive of this name comes from; nothing if nobody we know of has it.
[[nodiscard]] std::optional<KnownDirective> find_known_directive(std::string_view name) noexcept;

}  // namespace webserv::config
