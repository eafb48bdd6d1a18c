// http/user_agent.cpp: words in a field's value.
// Others claim these words too, so what must not be there is looked for as well.
#include "http/user_agent.hpp"

namespace webserv::http {

bool is_msie6(std::string_view user_agent) noexcept {
    constexpr std::string_view name = "MSIE ";
    const auto at = user_agent.find(name);
    if (at == user_agent.npos || user_agent.find("Opera") != user_agent.npos) return false;
    const std::string_view version = user_agent.substr(at + name.size());
    if (version.size() < 3 || version[1] != '.') return false;
    if (version[0] == '4' || version[0] == '5') return true;
    return version[0] == '6' && version.find("SV1") == version.npos;
}

bool is_safari(std::string_view user_agent) noexcept {
    const auto has = [user_agent](std::string_view word) { return user_agent.find(word) != user_agent.npos; };
    return has("Safari/") && has("Mac OS X") && !has("MSIE ") && !has("Opera") && !has("Gecko/") && !has("Chrome/");
}

}  // namespace webserv::http
