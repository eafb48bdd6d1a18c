// tls/pem.hpp: what all readers of PEM need: octets as OpenSSL reads them, and complaints in nginx's words.
// People look those up.
#pragma once

#include <string>
#include <string_view>

#include "tls/credential.hpp"
#include "tls/handle.hpp"

namespace webserv::tls {

[[nodiscard]] BioHandle memory_of(std::string_view octets);
/// Whether the reader of blocks has stopped because there were no more: only anything else is an error.
[[nodiscard]] bool ended_well();
[[nodiscard]] std::string quoted(std::string_view doing, std::string_view name);
/// What OpenSSL says about the step that has failed.
[[nodiscard]] std::unexpected<std::string> refuse(std::string_view doing, std::string_view name, std::string_view step);

}  // namespace webserv::tls
