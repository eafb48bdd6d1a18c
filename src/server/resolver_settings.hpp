// server/resolver_settings.hpp: the name servers that a scope asks, as `resolver` says, and how long it waits for them.
// Values only: who asks is in upstream/.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "sys/address.hpp"

namespace webserv::server {

struct NameServers {
    std::vector<sys::Address> addresses;
    std::optional<std::chrono::seconds> valid;  ///< answers are kept as long as this; nothing: as they say themselves
    bool ipv4 = true;
    bool ipv6 = true;
};

struct ResolverSettings {
    std::shared_ptr<const NameServers> servers;  ///< null: none are named
    std::chrono::milliseconds timeout{30'000};
};

}  // namespace webserv::server
