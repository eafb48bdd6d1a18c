// http/authority.cpp: host and port of a Host field or an authority (RFC 3986 section 3.2.2), strictly.
// Strict because servers are chosen by it, and caches and redirects repeat it.
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.hpp"
#include "http/target.hpp"

namespace webserv::http {
namespace {

constexpr std::array<bool, 256> name_octets = [] {
    std::array<bool, 256> table{};
    for (std::size_t octet = 0; octet < 256; ++octet) {
        const char c = static_cast<char>(octet);
        table[octet] = text::is_alpha(c) || text::is_digit(c);
    }
    for (const char c : std::string_view{"-_~!$&'()*+,;="}) table[static_cast<unsigned char>(c)] = true;
    return table;
}();

// reg-name without empty labels; what is left of it without a trailing dot, empty if it is malformed.
std::string_view check_name(std::string_view name) noexcept {
    const char* label = name.data();
    const char* const end = label + name.size();
    for (const char* next = label; next != end; ++next) {
        if (name_octets[static_cast<unsigned char>(*next)]) continue;
        if (*next == '.') {
            if (next == label) return {};
            label = next + 1;
        } else if (*next == '%' && end - next >= 3 && text::hex_value(next[1]) >= 0 && text::hex_value(next[2]) >= 0) {
            next += 2;
        } else {
            return {};
        }
    }
    return label == end && !name.empty() ? name.substr(0, name.size() - 1) : name;
}

// "[::1]"; the future forms of address that RFC 3986 leaves room for have not come.
bool is_ipv6_literal(std::string_view text) noexcept {
    std::array<char, INET6_ADDRSTRLEN> copy{};
    if (text.size() < 4 || text.size() - 2 >= copy.size()) return false;
    if (text.find('\0') != std::string_view::npos) return false;
    std::memcpy(copy.data(), text.data() + 1, text.size() - 2);
    in6_addr address;
    return ::inet_pton(AF_INET6, copy.data(), &address) == 1;
}

bool parse_port(std::string_view digits, std::optional<std::uint16_t>& port) noexcept {
    if (digits.empty()) return true;  // RFC 3986 section 3.2.3 allows "host:"
    unsigned number = 0;
    for (const char digit : digits) {
        if (!text::is_digit(digit)) return false;
        number = number * 10 + static_cast<unsigned>(digit - '0');
        if (number > 65535) return false;
    }
    port = static_cast<std::uint16_t>(number);
    return true;
}

}  // namespace

Result<Authority, AuthorityError> parse_authority(std::string_view value) noexcept {
    Authority authority;
    if (value.empty()) return authority;
    const bool bracketed = value[0] == '[';
    const std::size_t name_end = bracketed ? value.find(']') : value.find(':');
    if (bracketed && name_end == std::string_view::npos) return std::unexpected{AuthorityError::malformed};
    const std::size_t host_bytes = bracketed ? name_end + 1 : std::min(name_end, value.size());
    const std::string_view host = value.substr(0, host_bytes);
    const std::string_view rest = value.substr(host_bytes);
    if (!rest.empty() && (rest[0] != ':' || !parse_port(rest.substr(1), authority.port))) return std::unexpected{AuthorityError::malformed};
    authority.host = bracketed ? host : check_name(host);
    if (authority.host.empty() || (bracketed && !is_ipv6_literal(host))) return std::unexpected{AuthorityError::malformed};
    return authority;
}

}  // namespace webserv::http
