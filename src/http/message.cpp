// http/message.cpp: the names of methods.
// A method that is not listed here is still passed on as it was written.
#include "http/message.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace webserv::http {

Method method_of(std::string_view name) noexcept {
    using Named = std::pair<std::string_view, Method>;
    static constexpr std::array<Named, 9> methods{{
        {"GET", Method::get},
        {"HEAD", Method::head},
        {"POST", Method::post},
        {"PUT", Method::put},
        {"DELETE", Method::delete_},
        {"OPTIONS", Method::options},
        {"TRACE", Method::trace},
        {"CONNECT", Method::connect},
        {"PATCH", Method::patch},
    }};
    const auto* const found = std::find_if(methods.begin(), methods.end(), [name](const Named& known) { return known.first == name; });
    return found == methods.end() ? Method::other : found->second;
}

}  // namespace webserv::http
