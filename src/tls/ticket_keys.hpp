// tls/ticket_keys.hpp: the keys that session tickets are sealed with: the same in all workers, new every few hours.
// They live in memory that is shared from before the first fork, so no reload and no new worker makes a ticket worthless.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace webserv::tls {

struct TicketKey {
    std::array<unsigned char, 16> name{};
    std::array<unsigned char, 32> cipher{};  ///< AES-256; AES-128 uses the first half
    std::array<unsigned char, 32> digest{};  ///< HMAC-SHA-256; 16 octets of it with AES-128
    bool is_short = false;                   ///< AES-128: of a file with 48 octets
};

/// Makes the shared keys: by the process that all workers come from, before they do. Errors leave each process with keys of its own.
void share_ticket_keys();

/// The key for new tickets; it is replaced when it has served its time. Nothing: there is no entropy, so no ticket.
[[nodiscard]] std::optional<TicketKey> sealing_key(std::int64_t now_seconds);

struct OpeningKey {
    TicketKey key;
    bool is_newest = false;  ///< otherwise the client is given a new ticket
};
/// The key of this name, if it has not been forgotten.
[[nodiscard]] std::optional<OpeningKey> opening_key(std::span<const unsigned char, 16> name, std::int64_t now_seconds);

/// The octets of a file as nginx has them: 48 (AES-128) or 80 (AES-256).
[[nodiscard]] std::optional<TicketKey> parse_ticket_key(std::string_view octets);

}  // namespace webserv::tls
