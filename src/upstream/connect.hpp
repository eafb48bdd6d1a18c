// upstream/connect.hpp: a connection to whichever of a host's addresses answers first: happy eyeballs (RFC 8305 section 5).
// A host with two families is reached at once when one of them leads nowhere.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "io/loop.hpp"
#include "io/scope.hpp"
#include "sys/address.hpp"
#include "sys/fd.hpp"

namespace webserv::upstream {

/// How long an attempt has the field to itself: RFC 8305 section 8, "Connection Attempt Delay".
inline constexpr std::chrono::milliseconds attempt_delay{250};

struct Connected {
    sys::Fd socket;
    sys::Address address;
};

struct FailedAttempt {
    sys::Address address;
    Error error;
};

/// The order of attempts: the families take turns, beginning with that of the first address (RFC 8305 section 4).
[[nodiscard]] std::vector<sys::Address> alternating(const std::vector<sys::Address>& addresses);

/// Tries the addresses in their order, the next one when the one before has failed or has had attempt_delay; the first to be connected
/// wins, the others are closed. One address is an attempt without ceremony.
/// @param scope   whose cancel() ends the waits; may be null
/// @param trying  told of each address before its attempt; may be empty; as the addresses it lives until this has ended
/// The error has every attempt that was made, in the order in which they failed.
Task<std::expected<Connected, std::vector<FailedAttempt>>> connect(io::Loop& loop, io::Scope* scope,
                                                                   const std::vector<sys::Address>& addresses, io::Deadline deadline,
                                                                   const std::function<void(const sys::Address&)>& trying);

}  // namespace webserv::upstream
