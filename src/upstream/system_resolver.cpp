// upstream/system_resolver.cpp: getaddrinfo(3), and a lookup that outlives whoever has lost patience with it.
// Asker and thread share it; whoever leaves last takes it away.
#include "upstream/system_resolver.hpp"

#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "io/event.hpp"
#include "io/offload.hpp"

namespace webserv::upstream {
namespace {

ResolveError error_of(int code) {
    switch (code) {
        case EAI_NONAME:
        case EAI_NODATA:
        case EAI_ADDRFAMILY:
        case EAI_FAIL:
            return ResolveError::unknown_host;
        case EAI_AGAIN:
            return ResolveError::no_answer;
        default:
            return ResolveError::failed;
    }
}

std::expected<std::vector<sys::Address>, ResolveError> ask(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* first = nullptr;
    if (const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &first); code != 0) return std::unexpected{error_of(code)};
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner{first, ::freeaddrinfo};
    std::vector<sys::Address> addresses;
    for (const addrinfo* entry = first; entry != nullptr; entry = entry->ai_next) {
        if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6) continue;
        sys::Address address = sys::Address::from(entry->ai_addr, entry->ai_addrlen);
        address.set_port(port);
        if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) addresses.push_back(address);
    }
    if (addresses.empty()) return std::unexpected{ResolveError::unknown_host};
    return addresses;
}

}  // namespace

struct SystemResolver::Lookup {
    std::string host;
    std::uint16_t port = 0;
    io::Event ended;
    bool has_ended = false;
    std::expected<std::vector<sys::Address>, ResolveError> outcome{};
};

Task<> SystemResolver::look_up(io::Loop& loop, std::shared_ptr<Lookup> lookup) {
    auto work = [own = lookup.get()] { own->outcome = ask(own->host, own->port); };
    co_await io::offload(loop, work);
    lookup->has_ended = true;
    lookup->ended.set();
}

Task<std::expected<std::vector<sys::Address>, ResolveError>> SystemResolver::resolve(const std::string& host, std::uint16_t port,
                                                                                     io::Deadline deadline) {
    if (const auto literal = sys::Address::parse_ip(host, port)) {
        std::vector<sys::Address> itself{*literal};
        co_return std::move(itself);
    }
    const std::shared_ptr<Lookup> lookup{new Lookup{.host = host, .port = port, .ended = io::Event{loop_, nullptr}}};
    lookups_.spawn(look_up(loop_, lookup));
    (void)co_await lookup->ended.wait(deadline);
    if (!lookup->has_ended) co_return std::unexpected{ResolveError::timed_out};
    co_return std::move(lookup->outcome);
}

}  // namespace webserv::upstream
